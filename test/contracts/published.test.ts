import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
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
} from '../../ops/contracts/generate.ts';
import { placed } from '../builders/events.ts';
import { validOrders } from '../builders/orders.ts';

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const schemas = new Map(publishedSchemas().map((schema) => [String(schema.title), schema]));
const valid = (type: string, event: unknown) => {
  expect(ajv.validate(schemas.get(type) ?? false, event), ajv.errorsText()).toBe(true);
};

describe('The generated contract files', () => {
  // A breaking change fails the gate test instead, and nothing can be written.
  test.skipIf(findBreakingChanges().length > 0)('are up to date', () => {
    expect(outdatedFiles(), 'These files are older than the contracts: npm run contracts').toEqual([]);
  });

  test('cover every event and nothing else', () => {
    expect([...schemas.keys()].sort()).toEqual(catalog.map(({ type }) => type).sort());
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
    valid(type, schemas.get(type)?.examples?.[0]);
  });

  test('accept every order that parses', () => {
    fc.assert(fc.property(validOrders, (order) => valid(orderPlaced.type, order)));
  });

  test('reject the same single errors as the parser', () => {
    const paths = ['id', 'source', 'traceparent', 'data', 'data.orderId', 'data.customer', 'data.customer.phone']
      .concat([
        'data.customer.locale',
        'data.items',
        'data.items.0.quantity',
        'data.items.0.sku',
        'data.total.currency',
      ])
      .map((path) => path.split('.'));
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const changed = JSON.parse(JSON.stringify(placed()));
        const last = path.at(-1) ?? '';
        path.slice(0, -1).reduce((holder, key) => holder[key], changed)[last] = value;
        expect(ajv.validate(schemas.get(orderPlaced.type) ?? false, changed)).toBe(parses(changed));
      }),
      { numRuns: 300 },
    );
  });

  test.each(catalog.filter(({ source }) => source !== undefined))('accept an event built for $type', (contract) => {
    const { id, time = '', subject = '', data } = sampleOf(contract);
    valid(contract.type, buildEvent<string, unknown>(contract, { id, time, subject, data }));
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

  test('names the senders of every event and the messages of every consumer', () => {
    expect(Object.keys(document.operations)).toEqual(
      expect.arrayContaining(['paymentSendsToShopBus', 'orderSendsToOrderLifecycle', 'stockReceivesFromOrders']),
    );
    expect(document.operations.shippingReceivesFromOrderLifecycle.messages).toEqual([
      { $ref: '#/channels/orderLifecycle/messages/shop.order.progressed.v1' },
    ]);
  });
});

function sampleOf({ type }: EventContract): CloudEvent {
  const sample = schemas.get(type)?.examples?.[0];
  return parseEvent(JSON.stringify(sample), catalog);
}

function parses(event: unknown): boolean {
  try {
    parseEvent(JSON.stringify(event), catalog);
    return true;
  } catch {
    return false;
  }
}
