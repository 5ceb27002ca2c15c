import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { template } from '../../../contracts/notification.ts';
import { orderId } from '../../../contracts/order.ts';
import { dailyLimit } from '../../../lambdas/notification/daily-limit.ts';
import { nextNotification } from '../../../lambdas/notification/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { confirmed, placed } from '../../builders/events.ts';

const now = new Date('2026-11-26T09:00:00Z');
const rules = { now, leaseSeconds: 30, textWhenPlaced: false };

const validCharacters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter((character) =>
  v.is(orderId, character),
);
const orderIds = fc.string({ unit: fc.constantFrom(...validCharacters), minLength: 1, maxLength: 64 });

type Counted = { key: string; name: string; expiresAt: number };

/** Returns the key under which a number's texts are counted, the name under which this one is, and when that is forgotten. */
async function counted(
  text: Parameters<ReturnType<typeof dailyLimit>>[0],
  { hashKey = 'key', at = now } = {},
): Promise<Counted> {
  const calls: {
    Key?: { orderId?: string };
    ExpressionAttributeValues?: { ':text'?: Set<string>; ':expiresAt'?: number };
  }[] = [];
  const client = {
    async send({ input }: { input: object }) {
      calls.push(input);
      return {};
    },
  };
  expect(await dailyLimit('texts', { perDay: 10, hashKey }, { client: client as never, now: () => at })(text)).toBe(
    true,
  );
  const [call, ...others] = calls;
  expect(others).toEqual([]);
  const { ':text': names = [], ':expiresAt': expiresAt = 0 } = call?.ExpressionAttributeValues ?? {};
  return { key: call?.Key?.orderId ?? '', name: [...names].join(), expiresAt };
}

describe('The count of a number', () => {
  test('has a key that no order can have, and that does not show the number', async () => {
    const numbers = fc.stringMatching(/^\+[1-9]\d{6,14}$/);
    await fc.assert(
      fc.asyncProperty(numbers, orderIds, async (phone, id) => {
        const { key } = await counted({ phone, orderId: id, template: 'order-confirmed' });
        expect(key).not.toBe('');
        expect(v.is(orderId, key)).toBe(false);
        expect(key).not.toContain(phone.slice(1));
      }),
    );
  });

  test('has a key of its own for each number and day, which only who has the key of the hash can compute', async () => {
    const text = { orderId: 'o-1', template: 'order-confirmed', phone: '+821012345678' } as const;
    const { key } = await counted(text);
    const at = (hour: string) => ({ at: new Date(`2026-11-${hour}:00:00Z`) });
    expect(await counted({ ...text, orderId: 'o-2' }, at('26T00'))).toMatchObject({ key });
    expect(await counted(text, at('26T23'))).toMatchObject({ key });
    const others = [
      await counted(text, { hashKey: 'another' }),
      await counted(text, at('27T00')),
      await counted(text, at('25T23')),
      await counted({ ...text, phone: '+821012345679' }),
    ];
    expect(new Set([key, ...others.map((other) => other.key)]).size).toBe(5);
  });

  test('is forgotten after its day, and not before', async () => {
    for (const time of ['T00:00:00Z', 'T23:59:59Z']) {
      const text = { orderId: 'o-1', template: 'order-confirmed', phone: '+821012345678' } as const;
      const { expiresAt } = await counted(text, { at: new Date(`2026-11-26${time}`) });
      expect(expiresAt).toBe(Date.parse('2026-11-28T00:00:00Z') / 1000);
    }
  });

  test('is one for every way to write the number, and counts the texts of different orders apart', async () => {
    const { effect } = nextNotification(
      nextNotification(undefined, delivery(placed({ phone: '010-1234-5678' })), { ...rules, defaultCountry: 'KR' })
        .after,
      delivery(confirmed()),
      rules,
    );
    const text = { orderId: 'o-1', template: 'order-confirmed', phone: effect?.phone ?? '' } as const;
    expect(await counted(text)).toMatchObject({ key: (await counted({ ...text, phone: '+821012345678' })).key });

    const templates = fc.constantFrom(...template.options);
    const texts = fc.record({ orderId: orderIds, template: templates });
    await fc.assert(
      fc.asyncProperty(texts, texts, async (one, other) => {
        const same = one.orderId === other.orderId && one.template === other.template;
        const [left, right] = await Promise.all([one, other].map((parts) => counted({ ...text, ...parts })));
        expect(left?.name === right?.name).toBe(same);
      }),
    );
  });
});

describe('The ids of the events about a text', () => {
  test('differ for different orders and outcomes, whatever the ids of the orders are', () => {
    const eventIds = (id: string) => {
      const record = nextNotification(undefined, delivery(placed({ orderId: id })), rules).after;
      const begun = nextNotification(record, delivery(confirmed({ orderId: id })), rules);
      if (begun.effect === undefined) throw new Error('a text is due');
      return [{ text: begun.effect }, { text: begun.effect, refused: 'too-many' as const }].flatMap(
        (result) => nextNotification(begun.after, result, rules).publish?.map((event) => event.id) ?? [],
      );
    };
    // Ids that look like the events of other orders.
    const ids = fc.oneof(orderIds, fc.constantFrom('a', 'a.order-confirmed', 'a.order-confirmed.refused', '.', '#'));
    fc.assert(
      fc.property(fc.uniqueArray(ids, { minLength: 2, maxLength: 6 }), (several) => {
        const all = several.flatMap(eventIds);
        expect(all).toHaveLength(2 * several.length);
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });
});
