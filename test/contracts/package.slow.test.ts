import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { ensureNpmTool, orOffline } from './tools.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const bin = (name: string) => join(root, 'node_modules', name, 'bin', name === 'typescript' ? 'tsc' : name);
// Outside this repository, so that only the package's own dependencies can be resolved.
const service = mkdtempSync(join(tmpdir(), 'service-'));
const installed = join(service, 'node_modules', 'shop-messaging');

beforeAll(async () => {
  const quiet = ['--silent', '--offline', '--no-update-notifier', '--no-audit', '--no-fund'];
  const { stdout } = await run('npm', ['pack', ...quiet, '--pack-destination', service], { cwd: root });
  writeFileSync(join(service, 'package.json'), '{ "private": true }');
  // Its one dependency is taken from here, so that no registry is needed.
  const packages = [`./${stdout.trim()}`, join(root, 'node_modules', 'valibot')];
  await run('npm', ['install', ...quiet, '--install-links', ...packages], { cwd: service });
}, 120_000);
afterAll(() => rmSync(service, { recursive: true }));

const CLIENT_CODE = `
import { buildEvent, ContractError, type Customer, type OrderCancelled, orderCancelled, orderConfirmed, orderPlaced, parseEvent } from 'shop-messaging/contracts';

declare const console: { log(text: string): void };
declare const test: undefined | ((name: string, body: () => void) => void);
const event = buildEvent(orderPlaced, {
  id: 'e-1', time: '2026-11-21T09:00:00Z', subject: 'o-1', source: '/shop/checkout',
  data: {
    orderId: 'o-1', customer: { id: 'c-7', phone: '+821012345678', locale: 'ko' }, payment: { token: 'tok_visa' },
    items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12000 }], total: { amount: 12000, currency: 'KRW' },
  },
});
const placed = parseEvent(JSON.stringify(event), [orderPlaced]);
const customer: Customer | undefined = placed.data.customer;
const phone: string | undefined = customer?.phone;
type Reason = 'customer' | 'timed-out' | 'out-of-stock' | 'payment-declined' | 'contradiction' | 'unknown';
export const why = (event: OrderCancelled): Reason => event.data.reason;
export function decided(body: string): string {
  const event = parseEvent(body, [orderConfirmed, orderCancelled]);
  return event.type === 'shop.order.cancelled.v1' ? event.data.reason : event.data.total.currency;
}
// @ts-expect-error an order has lines
buildEvent(orderPlaced, { id: 'e-1', time: '', subject: '', data: { orderId: 'o-1' } });
function main() {
  try {
    parseEvent('{}', [orderPlaced]);
  } catch (error) {
    if (error instanceof ContractError) console.log(JSON.stringify({ phone, problems: error.problems }));
  }
}
if (typeof test === 'function') test('runs', main);
else main();
`;

const PRINTED = {
  phone: '+821012345678',
  problems: [{ path: 'type', problem: 'must be one of shop.order.placed.v1' }],
};

/** How a service compiles: the file's name says whether it is an ES module, as does `type` in the folder's package.json. */
const MODES = [
  { mode: 'node10', file: 'user.ts', type: 'commonjs', flags: '--module commonjs --moduleResolution node10' },
  { mode: 'node16, CommonJS', file: 'user.cts', type: 'commonjs', flags: '--module node16' },
  { mode: 'node16, ES module', file: 'user.mts', type: 'commonjs', flags: '--module node16' },
  { mode: 'nodenext', file: 'user.ts', type: 'module', flags: '--module nodenext' },
  { mode: 'bundler', file: 'user.ts', type: 'module', flags: '--module esnext --moduleResolution bundler' },
];

/** Compiles the client's program in a folder of its own within the service. Returns the path of the program. */
async function compile({ mode, file, type, flags }: (typeof MODES)[number], code = CLIENT_CODE): Promise<string> {
  const folder = join(service, mode.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
  writeFileSync(join(folder, file), code);
  const common = '--strict --exactOptionalPropertyTypes --target es2022 --lib es2022 --skipLibCheck'.split(' ');
  const options = [...common, ...flags.split(' '), '--resolveJsonModule', '--esModuleInterop'];
  await run(process.execPath, [bin('typescript'), ...options, file], { cwd: folder }).catch(({ stdout }) =>
    expect.fail(stdout),
  );
  return join(folder, file.replace('ts', 'js'));
}

describe('The npm package installed beside valibot', () => {
  test('contains the contracts and depends on valibot only', () => {
    const { dependencies, ...rest } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const why = 'What the functions and commands import is bundled or only run here: make it a devDependency.';
    expect(Object.keys(dependencies), why).toEqual(['valibot']);
    expect(rest.peerDependencies).toBeUndefined();
  });

  test.each(MODES)(
    'compiles and runs: $mode',
    async (mode) => {
      const program = await compile(mode);
      if (mode.mode === 'bundler') {
        const options = ['--bundle', '--platform=node', '--format=cjs', `--outfile=${program.replace('.js', '.cjs')}`];
        await run(bin('esbuild'), [program, ...options, '--log-level=error']);
      }
      const { stdout } = await run(process.execPath, [
        mode.mode === 'bundler' ? program.replace('.js', '.cjs') : program,
      ]);
      expect(JSON.parse(stdout)).toEqual(PRINTED);
    },
    60_000,
  );

  test.each(MODES.filter(({ type, file }) => type === 'commonjs' && file !== 'user.mts'))(
    'has JSON Schemas that can be required: $mode',
    async (mode) => {
      const code = `
import schema = require('shop-messaging/contracts/shop.order.placed.v1.json');
import document = require('shop-messaging/asyncapi.json');
declare const console: { log(text: string): void };
const names: [string, string] = [schema.title, document.asyncapi];
console.log(names.join());`;
      const { stdout } = await run(process.execPath, [await compile(mode, code)]);
      expect(stdout).toBe('shop.order.placed.v1,3.0.0\n');
    },
    60_000,
  );

  test('runs in Jest, which loads CommonJS', async ({ skip }) => {
    const jest = await orOffline(() => ensureNpmTool('jest', '30.5.2'));
    if ('missing' in jest) return skip(`Jest: ${jest.missing}`);
    const program = await compile({ ...(MODES[0] as (typeof MODES)[number]), mode: 'jest', file: 'user.test.ts' });
    const file = join(jest.tool, 'node_modules', 'jest', 'bin', 'jest.js');
    const options = ['--rootDir', service, '--testMatch', program, '--silent=false', '--watchman=false', '--ci'];
    const { stdout, stderr } = await run(process.execPath, [file, ...options], { cwd: service }).catch(
      (error) => error,
    );
    expect(stderr).toContain('Tests:       1 passed');
    expect(stdout).toContain(JSON.stringify(PRINTED));
  }, 180_000);

  test('contains the JSON Schema of every event and the AsyncAPI document', async () => {
    const paths = [...catalog.map(({ type }) => `contracts/${type}.json`), 'asyncapi.json'];
    const code = `for (const path of ${JSON.stringify(paths)}) await import('shop-messaging/' + path, { with: { type: 'json' } })`;
    await run(process.execPath, ['--input-type=module', '-e', code], { cwd: service });
  });
});
