import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { paymentDeclined } from '../../contracts/payment.ts';
import { publishAll, setGatewayState, testOrder } from '../deployed/deployed-shop.ts';
import type { Rule } from '../harness/fault-rules.ts';
import type { Allowances } from '../harness/invariants.ts';
import { runSeed, seededRandom, shuffled } from '../harness/random.ts';
import type { QueuedMessage, TestOrder } from '../harness/shop-state.ts';
import {
  ASKS,
  type AskName,
  checkEveryCase,
  checkTold,
  confirmEveryCase,
  everyRequest,
  onePiece,
} from './after-confirmation.ts';
import { BusMessages } from './bus-messages.ts';
import { checkInvariants } from './check-invariants.ts';
import { textRepeated } from './every-payment.ts';
import { useHarness } from './harness.ts';
import { LIFE, live } from './order-life.ts';
import { isMovement } from './payment-gateway.ts';
import { strikeEach, strikeNew } from './strike-each.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);
let bus: BusMessages;

beforeEach(() => {
  bus = new BusMessages(shop());
});
afterEach(() => bus.end());

/** Asks everything of confirmed orders under these faults, with every consumer at work, and checks what became of it. */
async function askEverything({
  rules = [],
  arrange = (requests) => requests,
  meanwhile = () => shop().settle(),
  allow = () => ({}),
}: {
  rules?: readonly Rule[];
  arrange?: (requests: readonly object[]) => readonly object[];
  meanwhile?: () => Promise<void>;
  allow?: () => Allowances;
}): Promise<void> {
  const orders = await confirmEveryCase(shop());
  const requests = everyRequest(shop(), orders);
  shop().faults(runSeed, ...rules);
  await publishAll(arrange(requests));
  await meanwhile();
  await checkEveryCase(shop(), bus, { orders, requests }, allow());
}

describe('What is asked of confirmed orders is done once or refused, and its publisher is told', () => {
  test('whatever process is killed before the first call for a message, or after each', async () => {
    const struck = new Set<string>();
    // The first run strikes all points that enough messages reach, the second one the rest.
    for (let run = 1; run <= 2; run += 1) {
      await shop().reset(runSeed);
      const rules = strikeNew(shop(), struck);
      const oneByOne = async () => {
        for (const source of shop().sources.values()) source.batchSize = 1;
        await shop().settle();
      };
      await askEverything({ rules, meanwhile: oneByOne, allow: () => textRepeated(shop()) });
    }
    for (const type of ['cancel-requested', 'shipped', 'refund-requested', 'dispatched', 'cancelled'])
      expect([...struck].filter((point) => point.includes(`.${type}.`)).length, type).toBeGreaterThan(4);
  }, 240_000);

  test.each([1, 2])('when all messages are shuffled, delayed and doubled: seed %i', async (seed) => {
    const random = seededRandom(runSeed * 100 + seed);
    await askEverything({
      rules: [
        { operation: 'ReceiveMessage', fault: { kind: 'reorder' } },
        { operation: 'ReceiveMessage', probability: 0.3, times: 30, fault: { kind: 'duplicate', copies: 1 } },
      ],
      arrange: (requests) => shuffled([...requests, ...requests], random),
    });
  });

  test('when no movement of money is answered', async () => {
    const rule: Rule = { caller: /^payment-/, where: isMovement, times: 8, fault: { kind: 'lose-answer' } };
    await askEverything({ rules: [rule] });
    expect(shop().proxy.hits(rule)).toBeGreaterThan(4);
  });

  test('when a process is frozen while it refunds, and what it had sent arrives after others have done it', async () => {
    const fault = { kind: 'freeze', when: 'late' } as const;
    const rule = strikeEach(shop(), /^payment-/, 0, fault, isMovement);
    const meanwhile = async () => {
      shop().source('payment').batchSize = 1;
      await shop().settle();
      expect(await shop().thaw()).toBe(shop().proxy.hits(rule));
      expect(shop().proxy.hits(rule)).toBeGreaterThan(4);
      await shop().settle();
    };
    await askEverything({ rules: [rule], meanwhile });
  });

  test('when the gateway is down for hours meanwhile', async () => {
    await askEverything({
      meanwhile: async () => {
        await setGatewayState('down');
        for (let hour = 0; hour < 3; hour += 1) {
          await shop().pump();
          await shop().pass(3_600);
        }
        await setGatewayState('up');
        await shop().settle();
      },
    });
  });
});

/** What is asked of an order when so many steps of its life are done. */
type Wish = { asks: readonly AskName[]; at: number; order: TestOrder };

/** Tells whether a dead letter says that the money of an order could not be captured any more. */
const isUncaptured = ({ body, attributes }: QueuedMessage) =>
  JSON.parse(body).type === paymentDeclined.type && attributes.errorMessage?.includes('has shipped') === true;

const WISHES: readonly (readonly AskName[])[] = [
  ['cancel'],
  ['ship'],
  ['giveBack'],
  ['ship', 'cancel'],
  ['giveBack', 'cancel'],
  ['ship', 'giveBack'],
];

test('a cancellation, a shipment and a refund at any point of the life of an order end in one way everywhere', async () => {
  const moments = LIFE.map((_, step) => step);
  const all: Wish[] = WISHES.flatMap((asks) =>
    moments.flatMap((at) =>
      [undefined, 'tok_lapses'].map((token) => ({
        asks,
        at,
        order: testOrder({ quantity: 2, ...(token && { token }) }),
      })),
    ),
  );
  const requests: object[] = [];
  const orders = all.map(({ order }) => order);
  await live(shop(), sweep, orders, async (moment) => {
    const now = all
      .filter(({ at }) => at === moment)
      .flatMap(({ asks, order }) => asks.map((ask) => ASKS[ask](shop().ledger, order)));
    requests.push(...now);
    await publishAll(now);
    // Whoever hears of it first: `order` of all, and of some also those who act on it.
    await shop().pump(moment % 2 === 0 ? ['order'] : ['order', 'payment', 'stock']);
  });
  await shop().settle();
  for (const minutes of [10, 15, 49 * 60, 10]) await sweep.runAfter(minutes);
  const state = await checkInvariants(shop(), { deadLetter: isUncaptured });
  checkTold(bus, state, requests);
  const endsOf = (wanted: string) =>
    all
      .filter(({ asks }) => asks.join(' ') === wanted)
      .map(({ order: { orderId } }) => state.orders.get(orderId))
      .map((order) => [order?.status, order?.dispatched && 'shipped', order?.contradiction].filter(Boolean).join(' '));
  expect(new Set(endsOf('cancel'))).toEqual(new Set(['CANCELLED']));
  expect(new Set(endsOf('giveBack'))).toEqual(new Set(['CONFIRMED', 'CANCELLED']));
  expect(new Set(endsOf('giveBack cancel'))).toEqual(new Set(['CANCELLED']));
  expect(new Set(endsOf('ship'))).toEqual(
    new Set([
      // Before the confirmation; a dead letter says so.
      'CONFIRMED',
      'CANCELLED',
      'CONFIRMED shipped',
      'CONFIRMED shipped not-captured-after-shipping',
      'CANCELLED shipped-after-cancellation',
    ]),
  );
}, 120_000);

test('a refund is asked for again under the id of one that was made: nobody is refunded twice', async () => {
  const order = testOrder({ quantity: 2 });
  const { ledger } = shop();
  await ledger.stock(order.sku, 2);
  await ledger.place([order]);
  await shop().settle();
  const request = ledger.refund(order, onePiece(order, 'r-1', true));
  for (let turn = 0; turn < 2; turn += 1) {
    await publishAll([request, { ...request, id: `again-${turn}` }]);
    await shop().settle();
    await shop().pass(25 * 3_600);
  }
  const { shelves } = await checkInvariants(shop());
  expect(shelves.get(order.sku)).toMatchObject({ available: 1, sold: 2 });
});
