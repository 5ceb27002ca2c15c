import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '../../localstack/engine.ts';
import { ensureInstalled } from '../../localstack/launch.ts';
import { canTestEngine } from '../harness/engine.ts';

const engines = join(import.meta.dirname, '../../localstack');
const MAX_LEVELS = 100;

/** Runs a Python program with an engine's packages and the extensions of this repository; returns what it printed, as JSON. */
function runPython(python: string, program: string, input = ''): unknown {
  const PYTHONPATH = ['common', 'ministack', 'localstack/extension'].map((folder) => join(engines, folder)).join(':');
  const env = { ...process.env, PYTHONPATH, OVERRIDE_IN_DOCKER: '0', SKIP_SSL_CERT_DOWNLOAD: '1', DISABLE_EVENTS: '1' };
  return JSON.parse(execFileSync(python, ['-c', program], { env, input, encoding: 'utf8' }));
}

type Probe = { engine: EngineName; what: string; program: string };

// Each prints what the engine does with a nested body before and after the extension is installed, and whether the extension
// replaces anything in an engine that handles such bodies.
const probes: Probe[] = [
  {
    engine: 'ministack',
    what: 'a topic filters by the body',
    program: `
import json
import nested_bodies
from ministack.services import sns
from nested_json import handles_deep_body
works = lambda: handles_deep_body(lambda body: sns._matches_filter_policy(nested_bodies._SUBSCRIPTION, {}, body))
before = works()
nested_bodies.register()
after = works()
handling = sns._matches_filter_policy
nested_bodies.register()
print(json.dumps([before, after, sns._matches_filter_policy is handling]))`,
  },
  {
    engine: 'localstack',
    what: 'a topic filters by the body',
    program: `
import json
from localstack.services.sns.filter import SubscriptionFilter
from nested_json import handles_deep_body
from shop_localstack import nested_bodies
matches = lambda body: SubscriptionFilter().check_filter_policy_on_message_body({"type": ["deep"]}, body)
before = handles_deep_body(matches)
nested_bodies.install()
after = handles_deep_body(matches)
handling = SubscriptionFilter.check_filter_policy_on_message_body
nested_bodies.install()
print(json.dumps([before, after, SubscriptionFilter.check_filter_policy_on_message_body is handling]))`,
  },
  {
    engine: 'localstack',
    what: 'an event source mapping reads a queue',
    program: `
import json
from nested_json import handles_deep_body
from shop_localstack import event_source_mapping as mapping
before = handles_deep_body(mapping._handle_body)
mapping.install()
after = handles_deep_body(mapping._handle_body)
print(json.dumps([before, after, mapping.body_to_parse() is not mapping.shorten]))`,
  },
];

describe.each(probes)('When $what, $engine', async ({ engine, program }) => {
  describe.skipIf(!(await canTestEngine(engine)))('with a deeply nested body', { timeout: 60_000 }, () => {
    let results: unknown;

    beforeAll(async () => {
      results = runPython(await ensureInstalled(engine, console.info), program);
    });

    it('fails without our extension, works with it, and is left alone where it works by itself', () => {
      const [before, after, isLeftAlone] = results as boolean[];
      expect(before, `${engine} handles nested bodies itself now: delete the extension`).toBe(false);
      expect(after).toBe(true);
      expect(isLeftAlone).toBe(true);
    });
  });
});

describe.skipIf(!(await canTestEngine('ministack')))('Shortening JSON', { timeout: 60_000 }, () => {
  /** Applies a Python expression to each text, with `shorten`, `json` and `error_of` at hand. */
  const map = async (expression: string, texts: readonly string[]) =>
    runPython(
      await ensureInstalled('ministack', console.info),
      `
import json, sys
from nested_json import shorten
def error_of(text):
    try: json.loads(text)
    except Exception as error: return type(error).__name__
print(json.dumps([${expression} for text in json.load(sys.stdin)]))`,
      JSON.stringify(texts),
    ) as string[];

  const nest = (value: unknown, levels: number): unknown => {
    let nested = value;
    for (let level = 0; level < levels; level += 1) nested = level % 2 === 0 ? [nested] : { '"]}\\': nested };
    return nested;
  };

  const prune = (value: unknown, levels: number): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (levels === 0) return null;
    if (Array.isArray(value)) return value.map((item) => prune(item, levels - 1));
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, prune(member, levels - 1)]));
  };

  it('replaces what is nested more than 100 levels deep by null and nothing else, whatever its strings contain', async () => {
    const text = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', 'é') });
    const arbitrary = fc
      .tuple(fc.object({ key: text, values: [text, fc.integer(), fc.constant(null)] }), fc.nat(150), fc.object())
      .map(([inner, levels, beside]) => ({ beside, nested: nest(inner, levels), again: nest(beside, levels) }));
    const texts = fc.sample(arbitrary, 300).map((value) => JSON.stringify(value));
    const shortened = await map('shorten(text)', texts);
    expect(shortened.map((json) => JSON.parse(json))).toEqual(texts.map((json) => prune(JSON.parse(json), MAX_LEVELS)));
  });

  it('leaves a text that is cut off invalid, and shallow enough to be found so', async () => {
    const deep = `${'[{"a":'.repeat(5_000)}1${'}]'.repeat(5_000)}`;
    const cut = fc.sample(fc.nat(deep.length - 1), 200).map((length) => deep.slice(0, length));
    expect(new Set(await map('error_of(shorten(text))', cut))).toEqual(new Set(['JSONDecodeError']));
  });
});
