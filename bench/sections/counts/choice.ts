import { cost, listPrices } from '../../../ops/estimate/prices.ts';
import type { Figure } from '../../figure.ts';

/** A way to write what a batch of orders asks of stock; units and calls are of the whole batch. */
type Way = { id: string; what: string; units: number; calls: number; lacks?: string };

const ORDERS = 10;
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
const STATEMENTS_PER_CALL = 25;
/** Set aside when placed, sold when confirmed. */
const TIMES = 2;

/** Takes how many shelves a batch of ten orders touches and gives the ways to write it: every item is below a kilobyte. */
function waysOf(shelves: number): Way[] {
  const reservations = ORDERS;
  return [
    {
      id: 'transaction-per-batch',
      what: 'one transaction for the batch (ours)',
      units: TIMES * 2 * (reservations + shelves),
      calls: TIMES,
    },
    {
      id: 'transaction-per-order',
      what: 'one transaction for each order',
      units: TIMES * 2 * (reservations + ORDERS),
      calls: TIMES * ORDERS,
    },
    {
      id: 'writes-in-one-call',
      what: 'conditional writes in one BatchExecuteStatement',
      units: TIMES * (reservations + shelves),
      calls: TIMES * Math.ceil((reservations + shelves) / STATEMENTS_PER_CALL),
      lacks: 'a crash, or one refused write, leaves a shelf and its reservations apart',
    },
    {
      id: 'write-each',
      what: 'a conditional write for each item',
      units: TIMES * (reservations + ORDERS),
      calls: TIMES * (reservations + ORDERS),
      lacks: 'a crash between two of them leaves a shelf and its reservations apart',
    },
  ];
}

/** Gives what a million orders' stock costs written in each way, so that the choice can be seen. */
export function stockChoice(): Figure[] {
  return [
    { id: 'one-sku', what: 'ten orders of one SKU', shelves: 1 },
    { id: 'different-skus', what: 'ten orders of ten SKUs', shelves: ORDERS },
  ].flatMap(({ id, what, shelves }) =>
    waysOf(shelves).map((way): Figure => {
      const note = `${way.calls / ORDERS} calls and ${way.units / ORDERS} write units an order${way.lacks === undefined ? '' : `; not chosen: ${way.lacks}`}.`;
      const dollars = cost((way.units / ORDERS) * 1_000_000, listPrices.prices['dynamodb.write']);
      return {
        id: `money.stock.${id}.${way.id}`,
        what: `stock's writes, ${what}: ${way.what}`,
        unit: '$ per million orders',
        kind: 'count',
        better: 'lower',
        values: { ours: [dollars] },
        note,
      };
    }),
  );
}

/** Takes the plain writes of an order and gives what they cost as they are, and what they would in transactions. */
export function recordChoice(writes: number): Figure[] {
  return [
    { id: 'writes-in-one-call', what: 'conditional writes in one BatchExecuteStatement (ours)', units: writes },
    { id: 'transaction-per-batch', what: 'one transaction for the batch', units: 2 * writes },
  ].map(
    ({ id, what, units }): Figure => ({
      id: `money.records.${id}`,
      what: `the other consumers' writes: ${what}`,
      unit: '$ per million orders',
      kind: 'count',
      better: 'lower',
      values: { ours: [cost(units * 1_000_000, listPrices.prices['dynamodb.write'])] },
      note: `${units} write units an order; one item an order is enough here, so no transaction is needed.`,
    }),
  );
}
