import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import { placed, priced } from '../builders/events.ts';

/** The problems of the design's example order after one thing in it was spoilt. */
function problems(spoil: (order: ReturnType<typeof mutable>) => void): readonly string[] {
  const order = mutable();
  spoil(order);
  return problemsOf(JSON.stringify(order));
}

function problemsOf(body: string): readonly string[] {
  try {
    parseEvent(body, catalog);
  } catch (error) {
    if (error instanceof ContractError) return error.problems;
    throw error;
  }
  return [];
}

// biome-ignore lint/suspicious/noExplicitAny: a spoilt order has no type
const mutable = (): any => structuredClone(placed({ items: [priced('A', 1), priced('B', 2), priced('C', 3)] }));

describe('A wrong message is refused with every problem named by path', () => {
  test('an item of which none is wanted', () => {
    expect(
      problems(({ data }) => {
        data.items[2].quantity = 0;
      }),
    ).toContain('data.items[2].quantity: must be at least 1');
  });

  test('several problems at once, each by its own path', () => {
    expect(
      problems((order) => {
        delete order.id;
        order.data.orderId = '';
        order.data.customer.phone = '010-1234-5678';
        order.data.items[0].sku = 7;
        order.data.items[1].quantity = -2;
        delete order.data.total.currency;
      }),
    ).toEqual([
      'id: is missing',
      'data.orderId: must be 1 to 40 letters, digits, - or _',
      'data.customer.phone: must be an E.164 number such as +821012345678',
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
      'data.total.amount: must be the sum of the items',
    ],
    [
      'no items',
      ({ data }) => {
        data.items = [];
      },
      'data.items: must have at least 1 line',
    ],
    [
      'items that are no list',
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
      'half a piece',
      ({ data }) => {
        data.items[0].quantity = 0.5;
      },
      'data.items[0].quantity: must be a whole number',
    ],
    [
      'a number as text',
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
      'no customer',
      ({ data }) => {
        delete data.customer;
      },
      'data.customer: is missing',
    ],
    [
      'no data',
      (order) => {
        delete order.data;
      },
      'data: is missing',
    ],
    [
      'data that is a text',
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
        data.orderId = 'o'.repeat(41);
      },
      'data.orderId: must be 1 to 40 letters, digits, - or _',
    ],
    [
      'an order id with a line break',
      ({ data }) => {
        data.orderId = 'o-1\n';
      },
      'data.orderId: must be 1 to 40 letters, digits, - or _',
    ],
    [
      'a time that is none',
      (order) => {
        order.time = 'yesterday';
      },
      'time: must be an RFC 3339 timestamp',
    ],
  ])('%s', (_, spoil, problem) => {
    expect(problems(spoil)[0]).toBe(problem);
  });

  test('a type nobody knows', () => {
    expect(
      problems((order) => {
        order.type = 'shop.order.placed.v9';
      })[0],
    ).toMatch(/^type: must be one of shop\.order\.placed\.v1, /);
  });

  test('100 lines are one too many', () => {
    const order = placed({ items: Array.from({ length: 100 }, (_, index) => priced(`S-${index}`)) });
    expect(problemsOf(JSON.stringify(order))).toEqual(['data.items: must have at most 99 lines']);
  });

  test('no problem quotes a value, for it may be personal', () => {
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
    expect(quoted.length).toBeGreaterThan(10);
    expect(quoted.join()).not.toContain(secret);
  });
});

describe('A fact of ours is refused from anybody else', () => {
  test.each(catalog.filter(({ source }) => source !== undefined).map(({ type }) => type))('%s', async (type) => {
    const { default: sample } = await import(`./samples/${type}.json`, { with: { type: 'json' } });
    const forged = JSON.stringify({ ...sample, source: '/somebody/else' });
    expect(problemsOf(forged).join()).toMatch(/^source: must be /);
  });
});
