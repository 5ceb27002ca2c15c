import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { functionNames, optionalFunctionNames } from '../../bench/sections/cold-start/bundles.ts';
import { bundleFunctions } from '../../infra/bundle.ts';
import { bundlingOptions, sourceMapEnvironment } from '../../infra/bundling.ts';
import { ownSourceMap } from '../../infra/source-map.ts';
import { sqsRecord } from '../builders/deliveries.ts';
import { synthesise } from '../builders/template.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'source-maps-'));
afterAll(() => rmSync(folder, { recursive: true }));

const folderOf = (code: object) => ('path' in code ? String(code.path) : '');
const deployed = [...functionNames, ...optionalFunctionNames];
const codeOf = bundleFunctions(deployed);
const bundleOf = (name: string) => join(folderOf(codeOf(name)), 'index.js');
const mapOf = (bundle: string): SourceMapPayload => JSON.parse(readFileSync(`${bundle}.map`, 'utf8'));

/** Returns `path:line` of the one line of a source file that contains a text. */
function lineOf(path: string, text: string): string {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  const found = lines.flatMap((line, index) => (line.includes(text) ? [index + 1] : []));
  expect(found, text).toHaveLength(1);
  return `${path}:${found[0]}`;
}

/** Runs a script in the Node of the tests, with a function's bundle as its argument and nothing else in its environment. */
const run = (script: string, bundle: string, environment: Record<string, string> = {}) =>
  spawnSync(process.execPath, ['-e', script, bundle], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...sourceMapEnvironment, ...environment },
  });

describe('The source map of a function', () => {
  test.each(deployed)('of %s has only sources of this repository, by their paths in it', (name) => {
    const map = mapOf(bundleOf(name));
    expect(map.sources.length).toBeGreaterThan(1);
    for (const source of map.sources) {
      expect(source).toMatch(/^(lambdas|contracts|examples\/platforms)\/[\w/-]+\.ts$/);
      expect(existsSync(join(root, source)), source).toBe(true);
    }
    expect(Object.keys(map).sort()).toEqual(['mappings', 'names', 'sources', 'version']);
  });

  test('agrees with esbuild about every position in an own source, and maps no other', () => {
    const name = 'archive';
    const outfile = join(folder, 'whole', 'index.js');
    buildSync({ ...bundlingOptions, entryPoints: [join(root, 'lambdas', name, 'handler.ts')], outfile });
    const code = readFileSync(outfile, 'utf8');
    expect(code).toBe(readFileSync(bundleOf(name), 'utf8'));
    const [whole, own] = [new SourceMap(mapOf(outfile)), new SourceMap(mapOf(bundleOf(name)))];
    const position = fc.integer({ min: 0, max: code.split('\n').length - 1 }).chain((line) =>
      fc.record({
        line: fc.constant(line),
        column: fc.integer({ min: 0, max: code.split('\n')[line]?.length ?? 0 }),
      }),
    );
    const mapped = new Set<string>();
    fc.assert(
      fc.property(position, ({ line, column }) => {
        const [expected, found] = [whole.findEntry(line, column), own.findEntry(line, column)];
        if (!('originalSource' in expected) || /node_modules/.test(expected.originalSource ?? 'node_modules')) {
          expect('originalSource' in found && found.originalSource).toBeFalsy();
          return;
        }
        mapped.add(expected.originalSource);
        expect(join(folder, 'whole', expected.originalSource)).toBe(
          'originalSource' in found && join(root, found.originalSource),
        );
        expect(found).toMatchObject({
          originalLine: expected.originalLine,
          originalColumn: expected.originalColumn,
        });
      }),
      { numRuns: 20_000 },
    );
    expect(mapped.size).toBeGreaterThan(1);
  });

  test('does not depend on the folder in which it was built, nor on that of the repository', () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = join(folder, 'a', 'deeper', 'folder');
    mkdirSync(process.env.TMPDIR, { recursive: true });
    try {
      const elsewhere = join(folderOf(bundleFunctions(['payment'])('payment')), 'index.js');
      expect(elsewhere).toContain(process.env.TMPDIR);
      expect(mapOf(elsewhere)).toEqual(mapOf(bundleOf('payment')));
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    const map = (...sources: string[]) => ({ version: 3 as const, sources, names: [], mappings: 'AAAA,CCAA' });
    const here = ownSourceMap(map('../../repo/lambdas/a.ts', '../../x/node_modules/p/i.js'), '/tmp/out', '/repo');
    const there = ownSourceMap(map('../b/lambdas/a.ts', '../b/node_modules/p/i.js'), '/home/a/out', '/home/a/b');
    expect(here).toEqual({ version: 3, sources: ['lambdas/a.ts'], names: [], mappings: 'AAAA,C' });
    expect(there).toEqual(here);
  });
});

describe('An error in a deployed bundle', () => {
  test('names the line of the source when the function cannot start', () => {
    const { stderr } = run('void require(process.argv[1]).handler()', bundleOf('payment'));
    expect(stderr).toContain('is not set; the stack sets it.');
    expect(stderr).toContain(lineOf('lambdas/runtime/environment.ts', 'throw new Error('));
  });

  test('names the line of the source in the log line of its message', () => {
    const script = `
      const { handler } = require(process.argv[1]);
      const event = JSON.parse(process.env.EVENT);
      let reads = 0;
      Object.defineProperty(event.Records[0], 'body', {
        get() {
          // The first read only looks for a probe.
          if (reads++ === 1) throw new TypeError('a bug');
          return '{}';
        },
      });
      handler(event).then(() => process.exit(0));`;
    const event = { Records: [sqsRecord('{}')] };
    const variables = ['EVENT_BUS_NAME', 'TABLE_NAME', 'CUSTOMER_HASH_KEY', 'BUCKET_NAME', 'ORDERS_TOPIC_ARN'];
    const { stdout, stderr } = run(script, bundleOf('stock'), {
      ...Object.fromEntries(variables.map((name) => [name, 'x'])),
      ...Object.fromEntries(['RESERVATIONS', 'STOCK', 'SHELVES'].map((name) => [`${name}_TABLE_NAME`, 'x'])),
      // Nobody listens there: the dead-letter queue accepts nothing.
      QUEUE_URL: 'http://127.0.0.1:9/queue',
      DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/dead-letters',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      FUNCTION_TIMEOUT_SECONDS: '30',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      EVENT: JSON.stringify(event),
    });
    expect(stderr).toBe('');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const line = lines.find(({ message }) => message === 'will be tried again');
    expect(line).toMatchObject({ errorType: 'TypeError', errorMessage: 'a bug' });
    const frames = line.stackTrace.join('\n');
    expect(frames).toContain(`(${lineOf('lambdas/runtime/consume.ts', 'readReplayed(record.body)')}:`);
    expect(frames).not.toContain('index.js');
  });

  test('is mapped because every function has the option in its environment', () => {
    for (const { id, properties } of synthesise().resources('AWS::Lambda::Function')) {
      expect(properties.Environment.Variables.NODE_OPTIONS, id).toBe('--enable-source-maps');
    }
  });
});
