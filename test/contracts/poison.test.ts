import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import { placed } from '../builders/events.ts';

const order = JSON.stringify(placed());
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const withData = (data: string) => order.replace(/"data":.*$/, `"data":${data}}`);
const withBase64 = (data: string) =>
  order.replace(/"data":.*$/, `"data_base64":"${Buffer.from(data).toString('base64')}"}`);
const detailOf = (data: string) => `{"detail-type":"x","account":"1","detail":{"data":${data}}}`;
const withQuantity = (quantity: string) => order.replace('"quantity":1', `"quantity":${quantity}`);

const poison: [string, string][] = [
  ['broken JSON', order.slice(0, -1)],
  ['an empty body', ''],
  ['null', 'null'],
  ['an array', '[]'],
  ['a number', '7'],
  ['a string', '"order"'],
  ['true', 'true'],
  ['a string of 1 MiB', JSON.stringify('x'.repeat(1_048_574))],
  ['1 MiB that is not JSON', 'x'.repeat(1_048_576)],
  ['an order id of 1 MiB', order.replaceAll('o-1001', 'o'.repeat(1_048_000))],
  ['arrays nested 10,000 levels deep', deep(10_000)],
  ['data nested 10,000 levels deep', withData(deep(10_000))],
  ['data that is null', withData('null')],
  ['data of wrong types', withData('{"orderId":1,"customer":"c","payment":[],"items":"KB-01","total":12000}')],
  ['a quantity of 1e400', withQuantity('1e400')],
  ['a quantity of -1e400', withQuantity('-1e400')],
  ['a quantity of 9007199254740993', withQuantity('9007199254740993')],
  ['a quantity of 0', withQuantity('0')],
  ['a negative quantity', withQuantity('-1')],
  ['a total of 1e400', order.replace('"amount":12000', '"amount":1e400')],
  ['a wrong sum', order.replace('"amount":12000', '"amount":1')],
  ['a lone surrogate in the id', order.replace('"id":"o-1001', '"id":"\\ud800')],
  ['a lone surrogate in the token', order.replace('tok_visa', '\\udfff')],
  ['a lone surrogate in the SKU', order.replace('KB-01', '\\ud83d')],
  ['U+FFFF in the SKU, which no queue carries', order.replace('KB-01', '\\uffff')],
  ['U+FFFE in the token', order.replace('tok_visa', '\\ufffe')],
  ['a data_base64 of arrays nested 10,000 levels deep', withBase64(deep(10_000))],
  ['__proto__ instead of the total in data_base64', withBase64('{"orderId":"o-1","__proto__":{"polluted":true}}')],
  ['a detail nested 10,000 levels deep', detailOf(deep(10_000))],
  ['an empty type', order.replace(/"type":"[^"]*"/, '"type":""')],
  ['the type __proto__', order.replace(/"type":"[^"]*"/, '"type":"__proto__"')],
  ['__proto__ instead of data', order.replace('"data":', '"__proto__":')],
  ['__proto__ as the items', order.replace('"items":', '"__proto__":')],
];

afterEach(() => {
  // No message may pollute the prototype of objects.
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

let slow = false;

describe('parseEvent throws ContractError', () => {
  test.each(poison)('for %s', (_, body) => {
    expect(() => parseEvent(body, catalog)).toThrow(ContractError);
  });

  // A function has 30 seconds for ten messages. The sizes grow, so that a slow parser fails the test before it blocks the run.
  test.each([1_000, 20_000, 60_000, 520_000])(
    'for %i wrong items within half a second and with a short message',
    (count) => {
      expect(slow, 'a smaller message was slow already').toBe(false);
      const body = withData(`{"items":[${'0,'.repeat(count - 1)}0]}`);
      const started = performance.now();
      const error = errorOf(() => parseEvent(body, catalog));
      slow = performance.now() - started > 500;
      expect(error).toBeInstanceOf(ContractError);
      expect(slow).toBe(false);
      expect((error as ContractError).message.length).toBeLessThan(64 * 1024);
    },
  );
});

describe('However deeply it is nested, a body has one problem that names its shape:', () => {
  const mib = 1_048_576;
  test.each([
    ['arrays of 10,000 levels', deep(10_000), 'body: must be one event, not a JSON array'],
    ['1 MiB of brackets', deep(mib / 2), 'body: must be one event, not a JSON array'],
    ['1 MiB of opening brackets', '['.repeat(mib), 'body: must be JSON: it is cut off'],
    ['1 MiB of opening braces', '{'.repeat(mib), 'body: must be JSON: it is cut off'],
    ['a type of 1 MiB of brackets', order.replace(/"type":"[^"]*"/, `"type":${deep(mib / 2)}`), 'type: must be one of'],
    ['a quantity of 1 MiB of brackets', withQuantity(deep(mib / 2)), 'data.items[0].quantity: must be a number'],
    ['a detail of 10,000 levels', detailOf(deep(10_000)), 'body: is nested too deeply'],
    [
      'a type given twice around 1 MiB of brackets',
      `{"type":"a","a":${deep(mib / 2)},"type":"b"}`,
      'body: must have its type',
    ],
  ])('%s', (_, body, problem) => {
    const error = errorOf(() => parseEvent(body, catalog));
    expect(error).toBeInstanceOf(ContractError);
    expect((error as ContractError).problems).toHaveLength(1);
    expect((error as ContractError).message).toContain(problem);
  });
});

describe('Prototype pollution', () => {
  test('by __proto__ beside the data has no effect on the event', () => {
    const body = order.replace('{"specversion"', '{"__proto__":{"polluted":true},"specversion"');
    const event = parseEvent(body, catalog);
    expect(event).toEqual(placed());
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
  });
});

describe('For any input, parseEvent', () => {
  const types = catalog.map(({ type }) => type);
  const malformedEvents = fc.record(
    {
      type: fc.constantFrom(...types),
      id: fc.oneof(fc.string(), fc.jsonValue()),
      source: fc.oneof(fc.string(), fc.jsonValue()),
      time: fc.jsonValue(),
      data: fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            orderId: fc.jsonValue(),
            items: fc.jsonValue(),
            total: fc.jsonValue(),
            __proto__: fc.constant({ polluted: true }),
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: ['type'] },
  );

  test('throws nothing but ContractError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          malformedEvents.map((value) => JSON.stringify(value)),
        ),
        (body) => {
          const error = errorOf(() => parseEvent(body, catalog));
          expect(error === undefined || error instanceof ContractError).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('reports a replaced value by its path, or accepts it', () => {
    const paths = [
      ['id'],
      ['source'],
      ['data'],
      ['data', 'orderId'],
      ['data', 'customer'],
      ['data', 'items'],
      ['data', 'total'],
      ['data', 'payment'],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const changed = structuredClone(placed()) as unknown as Record<string, unknown>;
        const holder = path.length === 1 ? changed : (changed.data as Record<string, unknown>);
        holder[path.at(-1) ?? ''] = value;
        const error = errorOf(() => parseEvent(JSON.stringify(changed), catalog));
        if (error instanceof ContractError) {
          const others = error.problems.filter((problem) => !problem.path.startsWith(path.join('.')));
          // Other items have another sum, which is a problem of the total.
          expect(others.filter(({ path }) => path !== 'data.total.amount')).toEqual([]);
        } else expect(error).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
