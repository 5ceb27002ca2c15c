import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readSettings } from '../../infra/settings.ts';
import { ShopMessagingStack } from '../../infra/shop-messaging-stack.ts';
import type { Template } from './facts.ts';

/** Takes `-c` settings and gives the template as `cdk synth` would write it. */
export function synthesised(context: Readonly<Record<string, string>>): Template {
  const { context: flags } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  const outdir = mkdtempSync(join(tmpdir(), 'shop-messaging-estimate-'));
  try {
    const app = new App({ outdir, context: { ...flags, ...context } });
    const settings = readSettings(app.node);
    const stack = new ShopMessagingStack(app, settings.stackName, settings);
    return app.synth().getStackArtifact(stack.artifactId).template as Template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
