import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import * as entry from '../../contracts/index.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
// Outside this repository, so that only the package's own dependencies can be resolved.
const service = mkdtempSync(join(tmpdir(), 'service-'));
const installed = join(service, 'node_modules', 'shop-messaging');

beforeAll(async () => {
  const options = ['--silent', '--offline', '--no-update-notifier', '--pack-destination', service];
  const { stdout } = await run('npm', ['pack', ...options], { cwd: root });
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(service, stdout.trim()), '-C', installed, '--strip-components=1']);
  symlinkSync(join(root, 'node_modules', 'valibot'), join(service, 'node_modules', 'valibot'));
  writeFileSync(join(service, 'package.json'), '{ "type": "module" }');
}, 60_000);
afterAll(() => rmSync(service, { recursive: true }));

const CLIENT_CODE = `
import { buildEvent, ContractError, type OrderCancelled, orderCancelled, orderConfirmed, orderPlaced, parseEvent } from 'shop-messaging/contracts';

declare const console: { log(text: string): void };
const event = buildEvent(orderPlaced, {
  id: 'e-1', time: '2026-11-21T09:00:00Z', subject: 'o-1', source: '/shop/checkout',
  data: {
    orderId: 'o-1', customer: { id: 'c-7', phone: '+821012345678', locale: 'ko' }, payment: { token: 'tok_visa' },
    items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12000 }], total: { amount: 12000, currency: 'KRW' },
  },
});
const placed = parseEvent(JSON.stringify(event), [orderPlaced]);
const phone: string = placed.data.customer.phone;
export const why = (event: OrderCancelled): 'customer' | 'timed-out' | 'out-of-stock' | 'payment-declined' => event.data.reason;
export function decided(body: string): string {
  const event = parseEvent(body, [orderConfirmed, orderCancelled]);
  return event.type === 'shop.order.cancelled.v1' ? event.data.reason : event.data.total.currency;
}
// @ts-expect-error an order has lines
buildEvent(orderPlaced, { id: 'e-1', time: '', subject: '', data: { orderId: 'o-1' } });
try {
  parseEvent('{}', [orderPlaced]);
} catch (error) {
  if (error instanceof ContractError) console.log(JSON.stringify({ phone, problems: error.problems }));
}
`;

describe('The npm package installed beside valibot', () => {
  test('contains the contracts and depends on valibot only', () => {
    const { dependencies, ...rest } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const why = 'What the functions and commands import is bundled or only run here: make it a devDependency.';
    expect(Object.keys(dependencies), why).toEqual(['valibot']);
    expect(rest.peerDependencies).toBeUndefined();
  });

  test('exports types, parse and build functions that compile and run', async () => {
    writeFileSync(join(service, 'user.ts'), CLIENT_CODE);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const flags = '--strict --exactOptionalPropertyTypes --skipLibCheck --target es2024 --module nodenext'.split(' ');
    await run(process.execPath, [tsc, ...flags, '--lib', 'es2024', 'user.ts'], { cwd: service }).catch(({ stdout }) =>
      expect.fail(stdout),
    );
    const { stdout } = await run(process.execPath, ['user.js'], { cwd: service });
    expect(JSON.parse(stdout)).toEqual({
      phone: '+821012345678',
      problems: ['type: must be one of shop.order.placed.v1'],
    });
  }, 60_000);

  test('contains the JSON Schema of every event and the AsyncAPI document', async () => {
    const paths = [...catalog.map(({ type }) => `contracts/${type}.json`), 'asyncapi.json'];
    const code = `for (const path of ${JSON.stringify(paths)}) await import('shop-messaging/' + path, { with: { type: 'json' } })`;
    await run(process.execPath, ['--input-type=module', '-e', code], { cwd: service });
  });
});

test('contracts/index.ts exports every event contract', () => {
  expect(Object.values(entry)).toEqual(expect.arrayContaining([...catalog]));
});
