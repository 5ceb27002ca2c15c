import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { bundlingOptions, sourceOf } from '../../infra/bundling.ts';
import { functionEntries } from '../../infra/entries.ts';
import { SOURCES } from '../../ops/up/fingerprint.ts';
import { testSettings } from '../builders/template.ts';

const root = join(import.meta.dirname, '..', '..');
const endpoint = { url: 'https://erp.example', events: ['shop.order.confirmed.v1'], secret: 'erp' };
const everything = testSettings({
  webhooks: { endpoints: { erp: endpoint } },
  intake: { senders: { acme: { scheme: 'stripe', secret: 'acme' } } },
});

test('A change of any source of a function is seen by `up`', async () => {
  const { metafile } = await build({
    ...bundlingOptions,
    entryPoints: Object.entries(functionEntries(everything)).map(([name, entry]) => ({
      in: sourceOf(name, entry),
      out: name,
    })),
    outdir: 'unused',
    absWorkingDir: root,
    metafile: true,
    write: false,
  });
  const own = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules/'));
  expect(own).toContain('examples/platforms/shopify.ts');
  expect(own.filter((path) => !SOURCES.some((source) => path.startsWith(`${source}/`)))).toEqual([]);
});
