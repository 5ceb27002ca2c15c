import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { ContractError, formatProblem, parseEvent } from '../../contracts/parse.ts';
import { placed, priced } from '../builders/events.ts';

/** Returns the problems of a valid order after one change to it. */
function problems(change: (order: ReturnType<typeof mutable>) => void): readonly string[] {
  const order = mutable();
  change(order);
  return problemsOf(JSON.stringify(order));
}

function problemsOf(body: string): readonly string[] {
  try {
    parseEvent(body, catalog);
  } catch (error) {
    if (error instanceof ContractError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

// biome-ignore lint/suspicious/noExplicitAny: a spoilt order has no type
const mutable = (): any => structuredClone(placed({ items: [priced('A', 1), priced('B', 2), priced('C', 3)] }));

describe('parseEvent reports every problem with its path', () => {
  test('for a quantity of zero', () => {
    expect(
      problems(({ data }) => {
        data.items[2].quantity = 0;
      }),
    ).toContain('data.items[2].quantity: must be at least 1');
  });

  test('for several problems at once', () => {
    expect(
      problems((order) => {
        delete order.id;
        order.data.orderId = '';
        order.data.items[0].sku = 7;
        order.data.items[1].quantity = -2;
        delete order.data.total.currency;
      }),
    ).toEqual([
      'id: is missing',
      'data.orderId: must be 1 to 64 printable ASCII characters without space, quotes, backslash or backtick',
      'data.items[0].sku: must be a string',
      'data.items[1].quantity: must be at least 1',
      'data.total.currency: is missing',
    ]);
  });

  test.each<[string, (order: ReturnType<typeof mutable>) => void, string]>([
    [
      'a wrong sum',
      ({ data }) => {
        data.total.amount += 1;
      },
      'data.total.amount: must be 6000, the sum of the items (6000) and the charges (0), not 6001',
    ],
    [
      'no items',
      ({ data }) => {
        data.items = [];
      },
      'data.items: must have at least 1 line',
    ],
    [
      'items that are not an array',
      ({ data }) => {
        data.items = {};
      },
      'data.items: must be an array',
    ],
    [
      'an item that is null',
      ({ data }) => {
        data.items[1] = null;
      },
      'data.items[1]: must be an object',
    ],
    [
      'a fractional quantity',
      ({ data }) => {
        data.items[0].quantity = 0.5;
      },
      'data.items[0].quantity: must be a whole number',
    ],
    [
      'a number as a string',
      ({ data }) => {
        data.items[0].quantity = '1';
      },
      'data.items[0].quantity: must be a number',
    ],
    [
      'a negative price',
      ({ data }) => {
        data.items[0].unitPrice = -1;
      },
      'data.items[0].unitPrice: must be at least 0',
    ],
    [
      'a wrong sum with charges',
      ({ data }) => {
        data.charges = [
          { kind: 'shipping', amount: 3000 },
          { kind: 'discount', amount: -1000 },
        ];
      },
      'data.total.amount: must be 8000, the sum of the items (6000) and the charges (2000), not 6000',
    ],
    [
      'no payment, where there is something to pay',
      ({ data }) => {
        delete data.payment;
      },
      'data.payment: is missing (only an order with the total 0 needs none)',
    ],
    [
      'no data',
      (order) => {
        delete order.data;
      },
      'data: is missing',
    ],
    [
      'data that is a string',
      (order) => {
        order.data = 'x';
      },
      'data: must be an object',
    ],
    [
      'another version of CloudEvents',
      (order) => {
        order.specversion = '0.3';
      },
      'specversion: must be "1.0"',
    ],
    [
      'an order id that is too long',
      ({ data }) => {
        data.orderId = 'o'.repeat(65);
      },
      'data.orderId: must be 1 to 64 printable ASCII characters without space, quotes, backslash or backtick',
    ],
    [
      'an order id with a line break',
      ({ data }) => {
        data.orderId = 'o-1\n';
      },
      'data.orderId: must be 1 to 64 printable ASCII characters without space, quotes, backslash or backtick',
    ],
    [
      'an invalid time',
      (order) => {
        order.time = 'yesterday';
      },
      'time: must be an RFC 3339 timestamp such as 2026-11-21T09:00:00Z',
    ],
  ])('for %s', (_, change, problem) => {
    expect(problems(change)[0]).toBe(problem);
  });

  test('for an unknown type', () => {
    expect(
      problems((order) => {
        order.type = 'shop.order.placed.v9';
      })[0],
    ).toMatch(/^type: must be one of shop\.order\.placed\.v1, /);
  });

  test.each([
    [100, 'data.items: must be of at most 99 SKUs, not 100'],
    [501, 'data.items: must have at most 500 lines'],
  ])('for %i lines of different SKUs', (lines, problem) => {
    const order = placed({ items: Array.from({ length: lines }, (_, index) => priced(`S-${index}`)) });
    expect(problemsOf(JSON.stringify(order))).toEqual([problem]);
  });

  test('without quoting any value, because it may be personal', () => {
    const secret = 'SECRET';
    const quoted = problems((order) => {
      order.id = { secret };
      order.time = secret;
      order.traceparent = secret;
      order.data.orderId = `${secret} `;
      order.data.customer = { id: [secret], phone: `+82${secret}`, locale: ` ${secret}` };
      order.data.payment.token = { secret };
      order.data.items[0] = { sku: ` ${secret}`, quantity: secret, unitPrice: secret };
      order.data.total = { amount: secret, currency: secret };
    });
    expect(quoted.length).toBeGreaterThan(7);
    expect(quoted.join()).not.toContain(secret);
  });
});

describe('An event of the shop is rejected with another source', () => {
  test.each(catalog.filter(({ source }) => source !== undefined).map(({ type }) => type))('%s', async (type) => {
    const { default: sample } = await import(`./samples/${type}.json`, { with: { type: 'json' } });
    const forged = JSON.stringify({ ...sample, source: '/somebody/else' });
    expect(problemsOf(forged).join()).toMatch(/^source: must be /);
  });
});
