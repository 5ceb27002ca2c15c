import { describe, expect, test } from 'vitest';
import { jsonProblem } from '../../../ops/console/server/letters/json-problem.ts';
import { changedMask, maskForEditing, unmask } from '../../../ops/console/server/letters/masked-event.ts';
import { lineOfPath } from '../../../ops/console/server/letters/path-line.ts';
import { applyEdit } from '../../../ops/dlq/apply-edit.ts';
import { layOut } from '../../../ops/dlq/json-text.ts';
import { placed } from '../../builders/events.ts';

const event = JSON.stringify(placed());

describe('What is typed and is no JSON yet', () => {
  test.each([
    ['{"a":1,}', 1, 8, 'a name in double quotes is expected'],
    ['{"a" 1}', 1, 6, 'a colon is expected after the name'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'a comma or } is expected'],
    ['[1 2]', 1, 4, 'a comma or ] is expected'],
    ['{"a":[1}', 1, 8, '] is expected, not }'],
    ['[1,', 1, 4, 'it ends too early: a value is expected'],
    ['{"a":{"b":1}', 1, 13, 'it ends too early: } is expected'],
    ['', 1, 1, 'it ends too early: a value is expected'],
    ['{"a":01}', 1, 6, 'a value is expected'],
    ['{a:1}', 1, 2, 'a name in double quotes or } is expected'],
    ['{"a":"010', 1, 6, 'the text that begins here is not closed on its line'],
    ['{"a":"\\x"}', 1, 6, 'this text has a character or an escape that JSON does not allow'],
    ['{} {}', 1, 4, 'nothing may follow the end'],
  ])('has its first problem named with its line and column: %j', (text, line, column, problem) => {
    expect(jsonProblem(text)).toEqual({ line, column, problem });
  });

  test('has a problem for every beginning of an event, and none once it is whole', () => {
    const text = layOut(event);
    for (let length = 0; length < text.length; length += 1) {
      const start = text.slice(0, length);
      expect(jsonProblem(start), start).toBeDefined();
    }
    expect(jsonProblem(text)).toBeUndefined();
    expect(jsonProblem(`\uFEFF${text}\n`)).toBeUndefined();
    expect(jsonProblem('['.repeat(100_000))).toBeDefined();
  });
});

describe('The line of a problem', () => {
  const text =
    '{\n  "type": "x",\n  "data": {\n    "items": [\n      {\n        "sku": "a"\n      },\n      {\n        "quantity": 0\n      },\n      7\n    ]\n  }\n}';

  test.each([
    ['data.items[1].quantity', 9],
    ['data.items[1].sku', 8],
    ['data.items[2]', 11],
    ['data.items[7]', 4],
    ['data.total.amount', 3],
    ['type', 2],
    ['source', 1],
  ])('%s is where it stands, or where it is missing', (path, line) => {
    expect(lineOfPath(text, path)).toBe(line);
  });

  test('is unknown for the whole body, and where the text is no JSON', () => {
    expect(lineOfPath(text, 'body')).toBeUndefined();
    expect(lineOfPath('{"type":', 'type')).toBeUndefined();
  });
});

describe('A masked event that is edited', () => {
  const secrets = JSON.stringify({ a: '010-1234-5678', b: ['010-8765-4321', { name: 'Kim' }] });

  test('shows nothing that may be personal, and each mask once', () => {
    const { text } = maskForEditing(secrets);
    for (const secret of ['010', 'Kim']) expect(text).not.toContain(secret);
    const masks = [...text.matchAll(/"…[^"]*"/g)].map(([mask]) => mask);
    expect(new Set(masks).size).toBe(masks.length);
  });

  test('has what was not touched put back byte for byte', () => {
    for (const body of [event, secrets]) {
      const masked = maskForEditing(body);
      expect(applyEdit(body, unmask(masked.text, masked))).toBeUndefined();
      expect(applyEdit(body, unmask(masked.text.replace('14000', '15000'), masked)) ?? body).toBe(
        body.replace('14000', '15000'),
      );
    }
  });

  test('keeps which value is whose when lines are moved and removed', () => {
    const masked = maskForEditing('{"customer":{"phone":"010-1111-2222","name":"010-3333-4444","x":1}}');
    const [, phone = '', name = ''] = /"phone": ("[^"]*"),\s+"name": ("[^"]*")/.exec(masked.text) ?? [];
    expect(phone).not.toBe(name);
    expect(unmask(`{"name": ${name}}`, masked)).toBe('{"name": "010-3333-4444"}');
    expect(unmask(`{"name": ${phone}}`, masked)).toBe('{"name": "010-1111-2222"}');
  });

  test('tells where a mask was changed, which would be sent as it is', () => {
    const masked = maskForEditing(event);
    expect(changedMask(masked.text, masked)).toBeUndefined();
    const changed = masked.text.replace(/"phone": "… text/, '"phone": "… text!');
    const line = changed.split('\n').findIndex((one) => one.includes('text!')) + 1;
    expect(line).toBeGreaterThan(1);
    expect(changedMask(changed, masked)).toBe(line);
  });

  test('is empty where the body is no JSON', () => {
    expect(maskForEditing('{"phone":"010-1234-5678"').text).toBe('');
  });
});
