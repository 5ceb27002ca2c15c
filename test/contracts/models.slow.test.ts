import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { publishedSchemaErrors } from '../builders/published-schemas.ts';
import { installPackages } from '../builders/python-tools.ts';
import { publishers } from '../deployed/toolchains.ts';
import { ensureNpmTool, ensureOnce, orOffline } from './tools.ts';

const run = promisify(execFile);
const models = join(import.meta.dirname, 'models');
const published = join(import.meta.dirname, '..', '..', 'contracts', 'published');
const schema = join(published, 'shop.order.placed.v1.json');
const folder = mkdtempSync(join(tmpdir(), 'models-'));
afterAll(() => rmSync(folder, { recursive: true }));

// Installed once; a virtual environment and two small trees of packages.
const TIMEOUT = 300_000;

/** What generators call types for which a schema has no name. */
const NUMBERED = /\d$/;

/** Asserts that each line is an order that the schema and the parser take. Returns the kinds of payment. */
function expectOrders(output: string): (string | undefined)[] {
  return output
    .trim()
    .split('\n')
    .map((line) => {
      expect(line).toContain('null');
      expect(publishedSchemaErrors(orderPlaced.type, JSON.parse(line))).toEqual([]);
      const { data } = parseEvent(line, [orderPlaced]);
      expect(data.items.map(({ sku }) => sku)).toEqual(['의자 01', undefined]);
      expect(data.total).toEqual({ amount: 14500, currency: 'KRW' });
      return data.payment?.kind;
    });
}

describe('Models that a public generator makes of the published schema of an order are named, filled and accepted', () => {
  test('in Python, with pydantic, by datamodel-code-generator', { timeout: TIMEOUT }, async ({ skip }) => {
    const python = await orOffline(() =>
      installPackages('models', join(models, 'requirements.txt'), 'datamodel_code_generator'),
    );
    if ('missing' in python) return skip(`datamodel-code-generator: ${python.missing}`);
    const generated = join(folder, 'order_placed.py');
    const options = ['--input-file-type', 'jsonschema', '--output-model-type', 'pydantic_v2.BaseModel'];
    const style = ['--enum-field-as-literal', 'all', '--formatters', 'builtin'];
    await run(python.tool, [
      ...['-m', 'datamodel_code_generator', '--input', schema, '--output', generated],
      ...[...options, ...style],
    ]);
    const classes = [...readFileSync(generated, 'utf8').matchAll(/^class (\w+)/gm)].map(([, name]) => name);
    expect(classes).toEqual(expect.arrayContaining(['Money', 'Customer', 'OrderLine', 'Charge', 'CapturedPayment']));
    expect(classes.filter((name = '') => NUMBERED.test(name))).toEqual(['ShopOrderPlacedV1']);
    cpSync(join(models, 'fill.py'), join(folder, 'fill.py'));
    const { stdout } = await run(python.tool, [join(folder, 'fill.py')], {
      env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
    });
    expect(expectOrders(stdout)).toEqual([
      ...[undefined, 'captured', 'authorized', 'on-delivery', 'awaited', 'awaited'],
    ]);
  });

  test('in Java, with Jackson, by quicktype', { timeout: TIMEOUT }, async ({ skip }) => {
    const missing = await publishers.Java.missing();
    if (missing !== undefined) return skip(missing);
    const tools = await orOffline(async () => ({
      quicktype: await ensureNpmTool('quicktype', '26.0.0'),
      jackson: await ensureOnce('jackson-2.22.4', async (target) => {
        const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${target}`];
        await run('mvn', ['-q', '-B', '-f', join(models, 'pom.xml'), ...goal]);
      }),
    }));
    if ('missing' in tools) return skip(`quicktype and Jackson: ${tools.missing}`);
    const sources = join(folder, 'java', 'shop', 'events');
    mkdirSync(sources, { recursive: true });
    const quicktype = join(tools.tool.quicktype, 'node_modules', 'quicktype', 'dist', 'index.js');
    const options = ['--src-lang', 'schema', '--lang', 'java', '--package', 'shop.events', '--top-level'];
    const generate = async (file: string, name: string, target: string) => {
      const out = ['--out', join(target, `${name}.java`)];
      await run(process.execPath, [quicktype, '--src', file, ...options, name, ...out]);
      return readdirSync(target).map((made) => made.replace('.java', ''));
    };
    const ofConfirmed = await generate(
      join(published, 'shop.order.confirmed.v1.json'),
      'OrderConfirmed',
      mkdtempSync(join(folder, 'confirmed-')),
    );
    expect(ofConfirmed).toEqual(expect.arrayContaining(['OrderConfirmedData', 'PaymentMethod', 'PaymentKind']));
    expect(ofConfirmed.filter((name) => NUMBERED.test(name))).toEqual([]);
    const classes = await generate(schema, 'OrderPlaced', sources);
    expect(classes).toEqual(
      expect.arrayContaining(['Money', 'Customer', 'OrderLine', 'Charge', 'Payment', 'OrderPlacedData']),
    );
    expect(classes.filter((name) => NUMBERED.test(name))).toEqual([]);
    cpSync(join(models, 'Fill.java'), join(sources, 'Fill.java'));
    const classPath = [join(folder, 'java'), join(tools.tool.jackson, '*')].join(delimiter);
    const files = readdirSync(sources).map((file) => join(sources, file));
    await run('javac', ['-encoding', 'UTF-8', '-cp', classPath, ...files]);
    const { stdout } = await run('java', [
      '-Dstdout.encoding=UTF-8',
      '-Dfile.encoding=UTF-8',
      '-cp',
      classPath,
      'shop.events.Fill',
    ]);
    expect(expectOrders(stdout).sort()).toEqual(
      ['authorized', 'awaited', 'captured', 'on-delivery', 'token', undefined].sort(),
    );
  });
});
