import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { parseEvent, unwrapBody } from '../../contracts/parse.ts';
import { good, problemsOf } from '../builders/parsing.ts';

const body = JSON.stringify(good);
const sns = (Message: string, Type = 'Notification') => JSON.stringify({ Type, TopicArn: 'arn:aws:sns:x', Message });
const problems = (text: string) => problemsOf(() => parseEvent(text, catalog));

describe('A body that is no event says what to do about it', () => {
  test.each([
    ['empty', '', /^body: must be JSON, not empty/],
    ['white space', ' \r\n', /^body: must be JSON, not empty/],
    ['plain text', 'hello', /^body: must be JSON, not plain text/],
    ['a form', 'orderId=o-1&total=12000', /^body: must be JSON, not a form/],
    ['XML', '<order/>', /^body: must be JSON, not XML/],
    ['cut off', body.slice(0, -1), /^body: must be JSON: it is cut off/],
    ['an array', `[${body}]`, /^body: must be one event, not a JSON array/],
    ['JSON inside a string', JSON.stringify(body), /^body: must be a JSON object, not JSON inside a string/],
    ['null', 'null', /^body: must be a JSON object, not null/],
    ['a number', '7', /^body: must be a JSON object, not a number/],
    [
      'an SNS envelope of text',
      sns('hello'),
      /^body: is an SNS envelope \(raw delivery is off .* must be JSON, not plain/,
    ],
    ['a confirmation', sns('You have chosen …', 'SubscriptionConfirmation'), /not the SubscriptionConfirmation/],
    ['five envelopes', sns(sns(sns(sns(sns(body))))), /^body: is wrapped in more than 3 envelopes/],
    ['an EventBridge envelope without detail', '{"detail-type":"x","account":"1","detail":null}', /^type: /],
  ])('%s', (_, text, problem) => {
    expect(problems(text)).toEqual([expect.stringMatching(problem)]);
  });
});

test('What an event is wrapped in is named, outermost first, and its text is kept to the letter', () => {
  expect(unwrapBody(sns(`\uFEFF ${body}`))).toMatchObject({
    text: ` ${body}`,
    wrappings: ['SNS envelope', 'byte-order mark'],
  });
  expect(unwrapBody(body)).toMatchObject({ text: body, wrappings: [] });
});

test('An event that has members of an envelope among its extensions is not unwrapped', () => {
  const event = { ...good, Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: '{}' };
  expect(parseEvent(JSON.stringify(event), catalog)).toEqual(event);
});

describe('data_base64 is read strictly', () => {
  const { data, ...envelope } = good;
  const encoded = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64');
  const parsed = (data_base64: unknown) => problems(JSON.stringify({ ...envelope, data_base64 }));

  test('and taken where it is Base64 of JSON', () => expect(parsed(encoded(JSON.stringify(data)))).toEqual([]));

  test.each([
    [
      'the URL alphabet',
      encoded(JSON.stringify({ ...data, note: '???>>>' }))
        .replaceAll('/', '_')
        .replaceAll('+', '-'),
    ],
    ['without padding', encoded(`${JSON.stringify(data)}  `).replace(/=+$/, '')],
    ['with a line break', encoded(JSON.stringify(data)).replace(/^.{4}/, '$&\n')],
    ['of bytes that are no UTF-8', encoded(Uint8Array.of(0x22, 0xff, 0x22))],
    ['of text', encoded('hello')],
    ['a number', 7],
    ['empty', ''],
  ])('and refused: %s', (_, data_base64) => {
    expect(parsed(data_base64)).toEqual(['data_base64: must be JSON, in UTF-8 and Base64 (RFC 4648, section 4)']);
  });
});
