import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { TemplateJson } from '../../infra/permissions-page.ts';
import { readStageFile, resolveSettings } from '../../infra/settings.ts';
import { ShopMessagingStack } from '../../infra/shop-messaging-stack.ts';

const root = join(import.meta.dirname, '..', '..');

/** Synthesises the stack of the stage dev with settings over those of its file. */
export function synthesise(values: Readonly<Record<string, unknown>> = {}): TemplateJson {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  const settings = resolveSettings('dev', { ...readStageFile('dev'), ...values });
  const app = new App({ context });
  const stack = new ShopMessagingStack(app, settings.stackName, settings);
  return app.synth().getStackByName(stack.stackName).template;
}
