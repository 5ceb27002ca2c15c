import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PERSONAL_MEMBERS } from '../../../contracts/personal-data.ts';
import { maskAttribute, maskPersonalData } from '../../../ops/dlq/mask.ts';
import { redact } from '../../../ops/dlq/redact.ts';
import { shownNames } from '../../../ops/dlq/shown-fields.ts';
import { cancelled, placed } from '../../builders/events.ts';

const inData = (member: string) => `{"type":"shop.order.placed.v1","data":{"orderId":"o-1",${member}}}`;

test('The message of an endpoint is shown with the name of the endpoint and what may be shown of the event', () => {
  const message = (member: string) => ` {"endpoint":"erp", "event" : ${inData(member)}}`;
  expect(maskPersonalData(message('"reason":"out-of-stock"'))).toBe(message('"reason":"out-of-stock"'));
  expect(maskPersonalData(message('"phone":"010-1234-5678"'))).toBe(message('"phone":"… text of 13 characters"'));
});

describe('A body is shown', () => {
  test.each([
    '"orderId":"5678901234567"',
    '"orderNumber":"#1029"',
    '"items":[{"sku":"의자 01","quantity":9007199254740993,"quantity":1.0,"unitPrice":1e2}]',
    '"total":{"amount":-0,"currency":"KRW"}',
    '"timestamp":1763715600000',
    '"timestamp":"2026-11-21 09:00:00"',
    '"time":"2026-11-21T09:00:00.123+09:00"',
    '"payment":{"kind":"awaited","until":"2026-11-21T09:00:00Z"}',
    '"reason":"out-of-stock"',
    '"step":"shop.payment.captured.v1","sequence":3',
    '"total":null',
  ])('with what is known and not personal, in its own spelling: %s', (member) => {
    expect(maskPersonalData(` ${inData(member)}\n`)).toBe(` ${inData(member)}\n`);
  });

  test.each([
    ['"phone":"010-1234-5678"', '"phone":"… text of 13 characters"'],
    ['"phone":"010 1234 5678"', '"phone":"… text of 13 characters"'],
    ['"phone":"０１０１２３４５６７８"', '"phone":"… text of 11 characters"'],
    ['"tel":821012345678', '"tel":"… number of 12 characters"'],
    [
      '"customer":{"name":"Kim","phone":"010.1234.5678"}',
      '"customer":{"name":"… text of 3 characters","phone":"… text of 13 characters"}',
    ],
    ['"payment":{"token":"tok_visa"}', '"payment":{"token":"… text of 8 characters"}'],
    ['"payment":{"reference":"pi_3N"}', '"payment":{"reference":"… text of 5 characters"}'],
    ['"payment":{"id":"pi_3N"}', '"payment":{"id":"… text of 5 characters"}'],
    ['"payment":"pi_3N"', '"payment":"… text of 5 characters"'],
    ['"shippingAddress":["1 Street"]', '"shippingAddress":"… list of 1 item"'],
    ['"charges":[{"kind":"discount","amount":-1,"label":"for Kim"}]', '"label":"… text of 7 characters"'],
    ['"reason":"call 010-1234-5678"', '"reason":"… text of 18 characters"'],
    ['"sku":"KB-01"', '"sku":"… text of 5 characters"'],
    ['"vip":true', '"vip":"… boolean"'],
    ['"orderNumber":"+82 10-1234-5678"', '"orderNumber":"… text of 16 characters"'],
    ['"subject":"kim@example.com"', '"subject":"… text of 15 characters"'],
    ['"01012345678":1', '"… name of 11 characters":"… number of 1 character"'],
    ['"total":"Kim"', '"total":"… text of 3 characters"'],
    ['"total":{"amount":"010-1234-5678"}', '"amount":"… text of 13 characters"'],
  ])('with the kind and length of everything else: %s', (member, shown) => {
    const masked = maskPersonalData(inData(member));
    expect(masked).toContain(shown);
    expect(masked).not.toMatch(/Kim|5678|５６７８|pi_|tok_|Street|kim@/);
    expect(() => JSON.parse(masked)).not.toThrow();
  });

  test('with its byte-order mark and the white space around, and a repeated name twice', () => {
    const body = '\uFEFF {"id" : "e-1",\t"id":"e-2"}  ';
    expect(maskPersonalData(body)).toBe(body);
  });

  test.each([
    ['{"phone":"010-1234-5678"', '24 bytes of no JSON, first at character 24: must be JSON: it is cut off'],
    ['{"phone" 01012345678}', '21 bytes of no JSON, first at character 9'],
    ['\uFEFF{"phone" 01012345678}', '24 bytes of no JSON, first at character 9'],
    ['phone=010-1234-5678', '19 bytes of no JSON: must be JSON, not a form'],
    ['Kim 010-1234-5678', '17 bytes of no JSON: must be JSON, not plain text'],
    ['', '0 bytes of no JSON: must be JSON, not empty'],
  ])('by its size and what is wrong with it, where it is no JSON: %s', (body, shown) => {
    expect(maskPersonalData(body)).toContain(shown);
    expect(maskPersonalData(body)).not.toMatch(/5678|Kim/);
  });

  test('as the event that is in the text of an envelope', () => {
    const event = inData('"phone":"010-1234-5678"');
    const sns = { Type: 'Notification', MessageId: 'm', TopicArn: 'arn:aws:sns:x:1:t', Message: event, Signature: 'x' };
    const masked = JSON.parse(maskPersonalData(JSON.stringify(sns)));
    expect(masked).toMatchObject({ Type: 'Notification', MessageId: 'm', Signature: '… text of 1 character' });
    expect(JSON.parse(masked.Message)).toMatchObject({ data: { orderId: 'o-1', phone: '… text of 13 characters' } });
  });

  test('whole where a function of the shop wrote it', () => {
    const event = JSON.stringify(cancelled());
    expect(maskPersonalData(event)).toBe(event);
    expect(JSON.parse(maskPersonalData(JSON.stringify(placed())))).toMatchObject({
      data: { items: placed().data.items, total: placed().data.total, customer: { phone: '… text of 13 characters' } },
    });
  });
});

test('Every member of a contract is either shown or personal', () => {
  const folder = join(import.meta.dirname, '../../../contracts/published');
  const schemas = readdirSync(folder).map((name): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const namesIn = (schema: unknown): string[] => {
    if (schema === null || typeof schema !== 'object') return [];
    const own = 'properties' in schema && schema.properties ? Object.keys(schema.properties) : [];
    return [...own, ...Object.values(schema).flatMap(namesIn)];
  };
  const shown = shownNames();
  const names = new Set(schemas.flatMap(namesIn));
  expect([...names].filter((name) => !shown.has(name) && !PERSONAL_MEMBERS.includes(name))).toEqual([]);
  expect(PERSONAL_MEMBERS.filter((name) => !names.has(name))).toEqual([]);
  // Of a customer it is shown what there is, without a value.
  expect(PERSONAL_MEMBERS.filter((name) => shown.has(name))).toEqual(['customer']);
});

test('A text of a megabyte where an id or a reason belongs is cut or masked, and quickly so', () => {
  const long = 'a'.repeat(1_000_000);
  expect(redact(long)).toBe(`${'a'.repeat(2_000)}…`);
  const problems = `"problems":[{"path":"data","problem":"${long}"}]`;
  for (const member of [`"receiptId":"${long}"`, `"items":[{"sku":"${long}"}]`, problems]) {
    expect(maskPersonalData(inData(member))).toContain('… text of 1000000 characters');
  }
});

test("A publisher's attribute is masked unless it is a known member", () => {
  expect(maskAttribute('orderId', 'o-1')).toBe('o-1');
  expect(maskAttribute('orderId', '+821012345678')).toBe('… text of 13 characters');
  expect(maskAttribute('tenant', 'Kim')).toBe('… text of 3 characters');
  expect(maskAttribute('originalBody', inData('"tel":1'))).toBe(inData('"tel":"… number of 1 character"'));
});

describe('A reason', () => {
  test.each([
    [
      'Invalid parameter: PhoneNumber: +82 10-1234-5678 is not valid',
      'Invalid parameter: PhoneNumber: +… is not valid',
    ],
    ["no such number: '010-1234-5678'", "no such number: '…'"],
    ['cannot text 01012345678', 'cannot text …'],
    ['a number, such as +821012345678', 'a number, such as +…'],
    ['cannot text ＋８２１０１２３４５６７８', 'cannot text +…'],
    ["No such payment_intent: 'pi_3MtwBwLkdIwHu7ix28a3tqPa'", "No such payment_intent: '…'"],
    ['tok_visa was refused for kim@example.com', '… was refused for …@…'],
  ])('is shown without what is personal: %s', (reason, shown) => expect(redact(reason)).toBe(shown));

  test.each([
    'Order 20241126-0000001 was already placed with another total',
    'Step 2 of order 01012345678 has not come yet',
    'data.total.amount: must be 12000, the sum of the items (12000) and the charges (0), not 821012345678',
    'given up after 3 days: Rate exceeded at 2026-11-21T09:00:00.000Z',
    'a step is parked until 0007 of 5678901234567',
    'must be an E.164 number such as +821012345678',
  ])('keeps ids, amounts and times: %s', (reason) => expect(redact(reason)).toBe(reason));
});
