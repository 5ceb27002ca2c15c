import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { shippedCatalog } from '../../contracts/catalog.ts';
import { defineEvent, type EventContract } from '../../contracts/cloud-event.ts';
import { orderId } from '../../contracts/order.ts';
import { createAsyncApi } from '../../ops/contracts/async-api.ts';
import { jsonSchemaOf } from '../../ops/contracts/convert.ts';

const folder = mkdtempSync(join(tmpdir(), 'updating-'));
afterAll(() => rmSync(folder, { recursive: true }));

const event = (type: string, source: string) =>
  defineEvent({ type, source, channel: 'bus', description: 'Something happened.', data: v.object({ orderId }) });

function asyncApi(
  name: string,
  custom: readonly EventContract[],
  added: readonly EventContract[],
  version: string,
): string {
  const spec = (contract: EventContract, isCustom: boolean) => {
    const sample = { type: contract.type };
    return { contract, sample, schema: jsonSchemaOf(contract, sample), isCustom };
  };
  const shipped = [...shippedCatalog, ...added].map((contract) => spec(contract, false));
  const events = [...shipped, ...custom.map((contract) => spec(contract, true))];
  const file = join(folder, name);
  writeFileSync(file, `${JSON.stringify(createAsyncApi(events, version), null, 2)}\n`);
  return file;
}

test("A version's new event and a shop's own are merged by git in the AsyncAPI document", () => {
  const own = event('shop.loyalty.points-granted.v1', '/shop/loyalty');
  const shipped = event('shop.notification.delayed.v1', '/shop/notification');
  const files = [
    asyncApi('ours.json', [own], [], '0.3.0'),
    asyncApi('base.json', [], [], '0.3.0'),
    asyncApi('theirs.json', [], [shipped], '0.4.0'),
  ];
  // It exits with the number of conflicts.
  const merged = execFileSync('git', ['merge-file', '--stdout', ...files], { encoding: 'utf8' });
  const { channels, info } = JSON.parse(merged);
  expect(info.version).toBe('0.4.0');
  expect(Object.keys(channels.shopBus.messages)).toEqual(
    expect.arrayContaining(['shop.loyalty.points-granted.v1', 'shop.notification.delayed.v1']),
  );
});
