import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineName } from '../../localstack/engine.ts';
import { ensureInstalled } from '../../localstack/launch.ts';
import { canTestEngine } from '../harness/engine.ts';

// What a rule's target with `RuleTargetInput.fromObject({ endpoint, event: EventField.fromPath('$.detail') })` says.
const TEMPLATE = '{"endpoint":"erp","event":<detail>}';
const DETAIL = {
  text: 'a "quoted" \\ back\\\\slashed\nand <detail> \\n text\twith \u2028 and \u0000',
  unicode: '한국어 😀 é',
  numbers: [0, -1, 12_000, 1.5, 1e21, 9_007_199_254_740_991],
  nothing: { null: null, list: [], object: {}, empty: '' },
  '<key>': true,
  '"': { '\\"': ['\\', '"', '\\"', '\\\\"'] },
};

const programs: Record<EngineName, string> = {
  ministack: `
import json, sys
from ministack.services import eventbridge
template, detail = json.load(sys.stdin)
class View:
    event_with_detail = lambda self: {"detail": detail, "time": "2026-01-01T00:00:00Z"}
    envelope = lambda self: {}
print(eventbridge._apply_input_transformer({"InputPathsMap": {"detail": "$.detail"}, "InputTemplate": template}, None, View()))`,
  localstack: `
import json, sys
from localstack.services.events import target
from shop_localstack import input_transformer
template, detail = json.load(sys.stdin)
input_transformer.install()
event = {"detail": detail, "time": "2026-01-01T00:00:00Z"}
transformer = {"InputPathsMap": {"detail": "$.detail"}, "InputTemplate": template}
replacements = {**target.get_template_replacements(transformer, event), "aws.events.event.json": event}
print(json.dumps(target.replace_template_placeholders(template, replacements)))`,
};

const engines = join(import.meta.dirname, '../../localstack');

/** Applies an engine's input transformer to an event, with the extension that the engine is started with. */
async function transform(engine: EngineName, template: string, detail: unknown): Promise<unknown> {
  const python = await ensureInstalled(engine, console.info);
  const PYTHONPATH = ['common', 'ministack', 'localstack/extension'].map((folder) => join(engines, folder)).join(':');
  const env = { ...process.env, PYTHONPATH, OVERRIDE_IN_DOCKER: '0', SKIP_SSL_CERT_DOWNLOAD: '1', DISABLE_EVENTS: '1' };
  const input = JSON.stringify([template, detail]);
  return JSON.parse(execFileSync(python, ['-c', programs[engine]], { env, input, encoding: 'utf8' }));
}

const engineNames: EngineName[] = ['ministack', 'localstack'];

describe.each(engineNames)('A rule of %s with an input transformer', async (engine) => {
  describe.skipIf(!(await canTestEngine(engine)))('into a queue', { timeout: 60_000 }, () => {
    it('delivers the event as it is, beside what its template says', async () => {
      expect(await transform(engine, TEMPLATE, DETAIL)).toEqual({ endpoint: 'erp', event: DETAIL });
    });

    it('fills in a variable inside a string as before', async () => {
      expect(await transform(engine, '{"text":"is <detail>."}', 'gone')).toEqual({ text: 'is gone.' });
    });
  });
});
