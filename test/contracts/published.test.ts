import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { buildEvent, type CloudEvent, defineEvent, type EventContract } from '../../contracts/cloud-event.ts';
import { orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { paymentDeclined } from '../../contracts/payment.ts';
import {
  findBreakingChanges,
  formatBreakingChange,
  generateFiles,
  outdatedFiles,
  publishedSchemas,
  writeOutdatedFiles,
  writeRelease,
} from '../../ops/contracts/generate.ts';
import { published, publishedSchemaErrors } from '../builders/published-schemas.ts';

describe('The generated contract files', () => {
  // A breaking change fails the gate test instead, and nothing can be written.
  test.skipIf(findBreakingChanges().length > 0)('are up to date', () => {
    expect(outdatedFiles(), 'These files are older than the contracts: npm run contracts').toEqual([]);
  });

  test('cover every event and nothing else', () => {
    expect([...published.keys()].sort()).toEqual(catalog.map(({ type }) => type).sort());
  });
});

describe('Changing a contract', () => {
  const folder = mkdtempSync(join(tmpdir(), 'contracts-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const replacing = (changed: EventContract) =>
    catalog.map((contract) => (contract.type === changed.type ? changed : contract));
  const declined = (data: v.GenericSchema<unknown, unknown>) =>
    replacing(defineEvent({ ...paymentDeclined, source: '/shop/payment', data }));
  const reason = v.string();
  const orderId = v.string();

  test('with a breaking change reports it and writes nothing', () => {
    writeOutdatedFiles(catalog, folder);
    const { data } = paymentDeclined;
    const without = declined(v.object({ reason }));
    expect(findBreakingChanges(without, folder).map(formatBreakingChange)).toContain(
      'shop.payment.declined.v1: data.orderId: field removed',
    );
    expect(() => writeOutdatedFiles(without, folder)).toThrow(
      /shop\.payment\.declined\.v1: data\.orderId: field removed.*define the next one/s,
    );
    expect(outdatedFiles(generateFiles(), folder)).toEqual([]);
    expect(
      findBreakingChanges(declined(v.object({ reason, orderId, bank: v.string() })), folder).map(formatBreakingChange),
    ).toContain('shop.payment.declined.v1: data.bank: required added');
    expect(findBreakingChanges(declined(data), folder)).toEqual([]);
  });

  test('that was released reports it also where the published file was deleted', () => {
    const checkout = mkdtempSync(join(tmpdir(), 'contracts-'));
    try {
      writeOutdatedFiles(catalog, checkout);
      writeFileSync(join(checkout, 'package.json'), '{"version": "9.9.9"}');
      expect(writeRelease(checkout)).toBe('contracts/released/9.9.9.json');
      expect(() => writeRelease(checkout)).toThrow('a release never changes');
      rmSync(join(checkout, 'contracts/published/shop.payment.declined.v1.json'));
      const without = declined(v.object({ reason }));
      expect(() => writeOutdatedFiles(without, checkout)).toThrow(
        'shop.payment.declined.v1: data.orderId: field removed',
      );
    } finally {
      rmSync(checkout, { recursive: true });
    }
  });

  test('is free while git does not track what was published of it', () => {
    const checkout = mkdtempSync(join(tmpdir(), 'contracts-'));
    const git = (...args: string[]) => execFileSync('git', args, { cwd: checkout });
    try {
      writeOutdatedFiles(catalog, checkout);
      git('init', '--quiet');
      const without = declined(v.object({ reason }));
      expect(findBreakingChanges(without, checkout)).toEqual([]);
      // It is published all the same, for whoever reads the schemas.
      expect(publishedSchemas(checkout)).toHaveLength(catalog.length);
      git('add', '.');
      expect(findBreakingChanges(without, checkout)).not.toEqual([]);
    } finally {
      rmSync(checkout, { recursive: true });
    }
  });

  test('by removing an event reports it', () => {
    const without = catalog.filter(({ type }) => type !== orderPlaced.type);
    expect(findBreakingChanges(without, folder).map(formatBreakingChange)).toEqual([
      'shop.order.placed.v1: event removed',
    ]);
  });

  test('by adding an optional field writes the new files', () => {
    const { entries } = paymentDeclined.data as unknown as ReturnType<typeof v.object>;
    const contracts = declined(v.object({ ...entries, bank: v.optional(v.string()) }));
    expect(findBreakingChanges(contracts, folder)).toEqual([]);
    expect(writeOutdatedFiles(contracts, folder)).toEqual([
      'contracts/published/shop.payment.declined.v1.json',
      'docs/asyncapi/asyncapi.json',
    ]);
  });
});

describe('The published JSON Schemas', () => {
  test.each(catalog.map(({ type }) => type))('accept the sample of %s', (type) => {
    expect(publishedSchemaErrors(type, published.get(type)?.examples?.[0])).toEqual([]);
  });

  test.each(catalog.filter(({ source }) => source !== undefined))('accept an event built for $type', (contract) => {
    const { id, time = '', subject = '', data } = sampleOf(contract);
    const event = buildEvent<string, unknown>(contract, { id, time, subject, data });
    expect(publishedSchemaErrors(contract.type, event)).toEqual([]);
  });
});

describe('The types in the published JSON Schemas', () => {
  const definitionsOf = (type: string) => published.get(type)?.$defs ?? {};

  test('have names that generators can give to classes', () => {
    expect(Object.keys(definitionsOf('shop.order.placed.v1')).sort()).toEqual(
      [
        ...['AuthorizedPayment', 'AwaitedPayment', 'CapturedPayment', 'Charge', 'ChargeKind', 'Customer', 'Money'],
        ...['OrderLine', 'OrderPlacedData', 'Payment', 'PaymentOnDelivery', 'TokenPayment'],
      ].sort(),
    );
    expect(Object.keys(definitionsOf('shop.order.refused.v1'))).toContain('Problem');
    expect(Object.keys(definitionsOf('shop.stock.rejected.v1'))).toContain('Shortage');
    expect(Object.keys(definitionsOf('shop.stock.received.v1'))).toContain('Line');
  });

  test.each([...published.keys()])('are all named: no object of %s is without a title', (type) => {
    const anonymous = JSON.stringify({ ...published.get(type), examples: [] }, (key, value) =>
      key === 'if' || key === 'else' ? undefined : value,
    ).match(/\{[^{}]*"properties"/g);
    expect(anonymous?.filter((start) => !start.includes('"title"'))).toEqual([]);
  });
});

describe('The AsyncAPI document', () => {
  const document = JSON.parse(generateFiles().get('docs/asyncapi/asyncapi.json') ?? '');

  test('is valid AsyncAPI 3.0', () => {
    const spec = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
    const check = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false }).compile(spec);
    expect(check(document), JSON.stringify(check.errors?.slice(0, 3))).toBe(true);
    expect(check({ ...document, channels: { orders: { address: 7 } } })).toBe(false);
  });

  test('has no dangling references', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) =>
      path.split('/'),
    );
    expect(refs.length).toBeGreaterThan(catalog.length * 3);
    const missing = refs.filter((path) => path.reduce((at, key) => at?.[key], document) === undefined);
    expect(missing).toEqual([]);
  });

  test('has each shared type once, under its name', () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Money', 'Line', 'OrderLine', 'Customer', 'Charge', 'Payment', 'Problem', 'Shortage']),
    );
    expect(JSON.stringify(document)).not.toContain('$defs');
    expect(document.components.schemas.OrderConfirmedData.properties.total).toEqual({
      $ref: '#/components/schemas/Money',
    });
  });

  test('names the senders of every event and the messages of every consumer', () => {
    expect(Object.keys(document.operations), 'services report payments').not.toContain('paymentsSendsToShopBus');
    expect(Object.keys(document.operations)).toEqual(
      expect.arrayContaining(['paymentSendsToShopBus', 'orderSendsToOrderLifecycle', 'stockReceivesFromOrders']),
    );
    expect(document.operations.shippingReceivesFromOrderLifecycle.messages).toEqual([
      { $ref: '#/channels/orderLifecycle/messages/shop.order.progressed.v1' },
    ]);
  });
});

function sampleOf({ type }: EventContract): CloudEvent {
  const sample = published.get(type)?.examples?.[0];
  return parseEvent(JSON.stringify(sample), catalog);
}
