import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { good, parse, problemsOf, withData, withEnvelope } from '../builders/parsing.ts';

describe('A null member', () => {
  test.each(['specversion', 'time', 'subject', 'datacontenttype', 'traceparent', 'tracestate', 'data_base64', 'myext'])(
    '%s of the envelope is an absent one',
    (name) => {
      const { [name]: _, ...absent } = good as Record<string, unknown>;
      expect(withEnvelope({ [name]: null })).toEqual(parse(absent));
    },
  );

  test.each(['orderNumber', 'customer', 'charges', 'note'])('%s of the data is an absent one', (name) => {
    const { [name]: _, ...absent } = good.data as Record<string, unknown>;
    expect(withData({ [name]: null })).toEqual(parse({ ...good, data: absent }));
  });

  test('anywhere below is an absent one', () => {
    const nulls = {
      customer: { id: null, phone: null, locale: null },
      payment: { kind: null, token: 'tok_visa' },
      items: [
        { sku: 'KB-01', quantity: 1, unitPrice: 9_000, tracked: null },
        { sku: null, quantity: 1, unitPrice: 0, tracked: false },
      ],
      charges: [{ kind: 'shipping', amount: 3_000, label: null }],
    };
    const absent = {
      customer: {},
      payment: { token: 'tok_visa' },
      items: [
        { sku: 'KB-01', quantity: 1, unitPrice: 9_000 },
        { quantity: 1, unitPrice: 0, tracked: false },
      ],
      charges: [{ kind: 'shipping', amount: 3_000 }],
    };
    expect(withData(nulls).data).toEqual({ ...good.data, ...absent });
    expect(withData({ payment: { kind: 'awaited', until: null } }).data.payment).toEqual({ kind: 'awaited' });
  });

  test.each([
    ['id', () => withEnvelope({ id: null })],
    ['source', () => withEnvelope({ source: null })],
    ['data', () => withEnvelope({ data: null })],
    ['data.orderId', () => withData({ orderId: null })],
    ['data.payment', () => withData({ payment: null })],
    ['data.items', () => withData({ items: null })],
    ['data.total', () => withData({ total: null })],
    ['data.total.currency', () => withData({ total: { amount: 12_000, currency: null } })],
  ])('%s is missing, where it is required', (path, parsing) => {
    expect(problemsOf(parsing)).toContainEqual(expect.stringMatching(new RegExp(`^${path}: is missing`)));
  });
});

describe('The content type', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/vnd.shop.order+json',
    'application/cloudevents+json; charset=utf-8',
    'text/json',
    'Application/JSON',
  ])('%s is taken', (datacontenttype) => {
    expect(withEnvelope({ datacontenttype })).toMatchObject({ datacontenttype });
  });

  test.each(['application/xml', 'text/plain', 'application/jsonp', 'json', 'application/json charset=utf-8'])(
    '%s is refused',
    (datacontenttype) => {
      expect(problemsOf(() => withEnvelope({ datacontenttype }))).toEqual([
        'datacontenttype: must be a JSON media type such as application/json',
      ]);
    },
  );
});

describe('The trace context', () => {
  const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const tracestate = 'congo=t61rcWkgMzE';

  test.each([
    ['version 00', `00-${trace}-${span}-01`],
    ['a later version', `01-${trace}-${span}-01`],
    ['a later version with more fields', `cc-${trace}-${span}-01-what-the-future-will-be`],
  ])('of %s is kept by its first four fields, with its tracestate', (_, traceparent) => {
    expect(withEnvelope({ traceparent, tracestate })).toEqual({
      ...good,
      traceparent: `00-${trace}-${span}-01`,
      tracestate,
    });
  });

  test.each([
    ['empty', ''],
    ['in upper case', `00-${trace.toUpperCase()}-${span}-01`],
    ['of version ff', `ff-${trace}-${span}-01`],
    ['of version 00 with more fields', `00-${trace}-${span}-01-x`],
    ['all zeros', `00-${'0'.repeat(32)}-${span}-01`],
    ['cut', `00-${trace}-${span}`],
    ['no trace', 'undefined'],
    ['too long', 'x'.repeat(5_000)],
    ['a number', 0],
    ['an object', {}],
  ])('that is %s is dropped, with its tracestate', (_, traceparent) => {
    expect(withEnvelope({ traceparent, tracestate })).toEqual(good);
  });
});

describe('The time', () => {
  test.each([
    ['2026-11-26T09:00:00Z', '2026-11-26T09:00:00Z'],
    ['2026-11-26t09:00:00z', '2026-11-26T09:00:00Z'],
    ['2026-11-26T09:00:00.120Z', '2026-11-26T09:00:00.120Z'],
    ['2026-11-26T09:00:00.000Z', '2026-11-26T09:00:00Z'],
    ['2026-11-26T09:00:00.5Z', '2026-11-26T09:00:00.500Z'],
    ['2026-11-26T09:00:00.123456789Z', '2026-11-26T09:00:00.123Z'],
    ['2026-11-26T09:00:00.1234567890123Z', '2026-11-26T09:00:00.123Z'],
    ['2026-11-26T18:00:00+09:00', '2026-11-26T09:00:00Z'],
    ['2026-11-26T00:30:00-09:30', '2026-11-26T10:00:00Z'],
    ['2026-11-26T09:00:00-00:00', '2026-11-26T09:00:00Z'],
    ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00Z'],
    ['2027-01-01T08:59:60.9+09:00', '2027-01-01T00:00:00Z'],
    ['2024-02-29T08:00:00Z', '2024-02-29T08:00:00Z'],
    ['2000-02-29T08:00:00Z', '2000-02-29T08:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
  ])('%s is sent on as %s', (time, sentOn) => {
    expect(withEnvelope({ time }).time).toBe(sentOn);
    expect(withData({ payment: { kind: 'awaited', until: time } }).data.payment).toEqual({
      kind: 'awaited',
      until: sentOn,
    });
  });

  test.each([
    '2026-02-31T08:00:00Z',
    '2026-02-29T08:00:00Z',
    '1900-02-29T08:00:00Z',
    '2026-04-31T08:00:00Z',
    '2026-00-10T08:00:00Z',
    '2026-13-01T08:00:00Z',
    '2026-11-00T08:00:00Z',
    '2026-11-26T24:00:00Z',
    '2026-11-26T09:60:00Z',
    '2026-11-26T09:00:61Z',
    '2026-11-26T09:00:60Z',
    '2026-11-26T09:00:00+09',
    '2026-11-26T09:00:00+0900',
    '2026-11-26T09:00:00+24:00',
    '2026-11-26T09:00:00',
    '2026-11-26T09:00Z',
    '2026-11-26 09:00:00Z',
    '2026-11-26T09:00:00 Z',
    ' 2026-11-26T09:00:00Z',
    '2026-11-26T09:00:00.Z',
    '2026-11-26T09:00:00,5Z',
    '2026-11-26',
    '20261126T090000Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '12026-11-26T09:00:00Z',
    '1764147600',
    'Thu, 26 Nov 2026 09:00:00 GMT',
    '',
  ])('"%s" is refused', (time) => {
    const problem = 'must be an RFC 3339 timestamp such as 2026-11-21T09:00:00Z';
    expect(problemsOf(() => withEnvelope({ time }))).toEqual([`time: ${problem}`]);
    expect(problemsOf(() => withData({ payment: { kind: 'awaited', until: time } }))).toEqual([
      `data.payment.until: ${problem}`,
    ]);
  });
});

describe('The subject', () => {
  const { subject: _, ...withoutSubject } = good;

  test.each([[''], ['x'.repeat(257)], [7], [{}], [null]])('%j is read as absent', (subject) => {
    expect(withEnvelope({ subject })).toEqual(withoutSubject);
  });
});

describe('A body', () => {
  const body = JSON.stringify(good);
  const sns = (Message: string) =>
    JSON.stringify({ Type: 'Notification', MessageId: 'm', TopicArn: 'arn:aws:sns:x', Message, Timestamp: '…' });
  const eventBridge = (detail: object) =>
    JSON.stringify({ version: '0', id: 'e', 'detail-type': 'x', source: '/shop', account: '1', detail });
  const { data, ...envelope } = good;
  const data_base64 = Buffer.from(JSON.stringify(data)).toString('base64');

  test.each([
    ['as it is', body],
    ['after a byte-order mark', `\uFEFF${body}`],
    ['in an SNS envelope', sns(body)],
    ['in an SNS envelope after a byte-order mark', `\uFEFF${sns(`\uFEFF${body}`)}`],
    ['in an EventBridge envelope', eventBridge(good)],
    ['in an SNS envelope in an EventBridge one', sns(eventBridge(good))],
    ['with its data in Base64', JSON.stringify({ ...envelope, data_base64 })],
    ['with white space around', `\r\n ${body}\n`],
  ])('is taken %s', (_, text) => {
    expect(parseEvent(text, catalog)).toEqual(good);
  });

  test.each([
    [
      'JSON in a string',
      JSON.stringify(body),
      'body: must be a JSON object, not JSON inside a string: serialize the event once, not twice',
    ],
    [
      'an array of events',
      `[${body}]`,
      'body: must be one event, not a JSON array: publish each event as a message of its own',
    ],
    ['a word', '"order"', 'body: must be a JSON object, not a string'],
    ['no JSON', '<order/>', 'body: must be JSON, not XML: publish the event in the JSON format of CloudEvents'],
    [
      'an SNS envelope of no JSON',
      sns('hello'),
      'body: is an SNS envelope (raw delivery is off for this subscription) and its Message must be JSON, not plain text: publish the event in the JSON format of CloudEvents',
    ],
    [
      'both data and data_base64',
      JSON.stringify({ ...good, data_base64 }),
      'data_base64: must be absent where there is data',
    ],
    [
      'a data_base64 of no JSON',
      JSON.stringify({ ...envelope, data_base64: '####' }),
      'data_base64: must be JSON, in UTF-8 and Base64 (RFC 4648, section 4)',
    ],
  ])('of %s is refused by its shape', (_, text, problem) => {
    expect(problemsOf(() => parseEvent(text, catalog))).toEqual([problem]);
  });
});

describe('Lengths', () => {
  const published = join(import.meta.dirname, '..', '..', 'contracts', 'published', `${good.type}.json`);
  const isValid = new Ajv2020({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(published, 'utf8')),
  );

  test.each([
    ['an id of 200 emoji', { ...good, id: '🛒'.repeat(200) }, true],
    ['an id of 256 emoji', { ...good, id: '🛒'.repeat(256) }, true],
    ['an id of 257 emoji', { ...good, id: '🛒'.repeat(257) }, false],
    ['an id of 257 letters', { ...good, id: 'x'.repeat(257) }, false],
    ['an empty id', { ...good, id: '' }, false],
    ['a source of 256 emoji', { ...good, source: '🛒'.repeat(256) }, true],
    ['a source of 257 emoji', { ...good, source: '🛒'.repeat(257) }, false],
    ['a token of 256 emoji', { ...good, data: { ...good.data, payment: { token: '🛒'.repeat(256) } } }, true],
    ['a token of 257 emoji', { ...good, data: { ...good.data, payment: { token: '🛒'.repeat(257) } } }, false],
  ])('are counted alike by consumers and by the published schema: %s', (_, event, taken) => {
    expect(problemsOf(() => parse(event)).length === 0).toBe(taken);
    expect(isValid(event)).toBe(taken);
  });
});
