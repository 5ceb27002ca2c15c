import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { ShopAlarm, type ShopAlarmProps } from '../../infra/constructs/alarm.ts';
import type { TemplateJson } from '../../infra/permissions-page.ts';
import { readStageFile, resolveSettings } from '../../infra/settings.ts';
import { ShopMessagingStack } from '../../infra/shop-messaging-stack.ts';

const root = join(import.meta.dirname, '..', '..');

/** Synthesises the stack of the stage dev with settings over those of its file. */
export const synthesise = (values: Readonly<Record<string, unknown>> = {}): TemplateJson =>
  synthesiseWithAlarms(values).template;

/** Synthesises the stack, and lists its alarms. */
export function synthesiseWithAlarms(values: Readonly<Record<string, unknown>>): {
  template: TemplateJson;
  alarms: ShopAlarmProps[];
} {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  const settings = resolveSettings('dev', { ...readStageFile('dev'), ...values });
  const app = new App({ context });
  const stack = new ShopMessagingStack(app, settings.stackName, settings);
  const alarms = stack.node.findAll().flatMap((one) => (one instanceof ShopAlarm ? [one.props] : []));
  return { template: app.synth().getStackByName(stack.stackName).template, alarms };
}
