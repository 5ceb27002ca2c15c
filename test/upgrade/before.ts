import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import {
  cancelRequested,
  decided,
  depth,
  eventually,
  orderOf,
  output,
  paymentIs,
  placed,
  publish,
  publishAll,
  putOnBus,
  queueUrl,
  received,
  tables,
} from '../deployed/deployed-shop.ts';
import { deadLetters } from '../faults/observe-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { type Cohort, type KindName, sweep } from './cohort.ts';
import { RECEIVERS, receive, sendTo, takeMessages, waitUntilHandled } from './messages.ts';
import { holdText } from './quiet.ts';

export const EVERY_PAYMENT: readonly KindName[] = [
  'confirmed',
  'declined',
  'short',
  'lapsing',
  'charged',
  'chargedShort',
  'held',
  'onDelivery',
];

/** The orders that are dead letters before the deployment: by its own message, and by the report of its payment. */
type Dead = { broken: TestOrder; misreported: TestOrder };

/** Orders that are done before the deployment, and those that wait for their customer or an operator. */
export type Settled = Dead & {
  done: TestOrder[];
  /** Done, too; nobody sends anything more about it. */
  quiet: TestOrder;
  /** Confirmed, and its customer wanted out afterwards. */
  late: TestOrder;
  /** Its cancellation has come, and it has not. */
  absent: TestOrder;
  paidLater: TestOrder;
  cancelledLater: TestOrder;
};

/** What is wrong in the messages of `Dead`, and what an operator writes instead. */
export const MISTAKES = [
  ['"quantity": 0', '"quantity": 1'],
  ['"amount": 11000', '"amount": 12000'],
] as const;

/** How many dead letters `Dead` makes: the broken order at each consumer of placed orders, and the report at payment. */
export const DEAD_LETTERS = 5;

/**
 * Has orders brought to their ends, or as far as they come alone. All functions run. `cancelsConfirmed`: whether the version that runs cancels a
 * confirmed order.
 */
export async function settle(cohort: Cohort, cancelsConfirmed: boolean): Promise<Settled> {
  const done = await cohort.addAll(EVERY_PAYMENT);
  const [paid, quiet, late] = [
    await cohort.add('awaited'),
    await cohort.add('confirmed'),
    await cohort.add('confirmed'),
  ];
  const asked = await cohort.add('cancelled');
  const absent = await cohort.add('cancelled');
  const [paidLater, misreported] = [await cohort.add('awaited'), await cohort.add('awaited')];
  const cancelledLater = await cohort.add('awaitedCancelled');
  const broken = await cohort.add('confirmed');

  await publishAll([asked, absent].map(({ orderId }) => cancelRequested(orderId)));
  await publishAll([...done, quiet, late, paid, paidLater, cancelledLater, misreported].map((order) => placed(order)));
  await publish({ ...placed(broken), data: { ...placed(broken).data, items: [{ ...lineOf(broken), quantity: 0 }] } });
  for (const { orderId } of [asked, absent]) await decided(orderId);
  await publish(placed(asked));
  for (const { orderId } of [paid, paidLater, cancelledLater, misreported]) await paymentIs(orderId, 'awaiting');
  await putOnBus(received(paid.orderId));
  await putOnBus(received(misreported.orderId, { amount: 11_000 }));
  const settled = [...done, paid, asked];
  // Of what comes within milliseconds of a decision 0.3.0 leaves the last step to the sweep.
  await cohort.waitForEnds([...settled, quiet, late], sweep);
  await publish(cancelRequested(late.orderId));
  if (cancelsConfirmed) cohort.endAs(late, 'cancelledCharged');
  let dead: string[] = [];
  const areDead = async () => {
    dead = (await deadLetters()).map(({ consumer, attributes }) => `${consumer}: ${attributes.errorMessage}`);
    return dead.length === DEAD_LETTERS;
  };
  await eventually('what cannot be handled is dead', areDead, 240, () => `:\n${dead.join('\n')}`);
  await waitUntilHandled(RECEIVERS);
  await cohort.waitForEnds([late]);
  return { done: settled, quiet, late, absent, paidLater, cancelledLater, broken, misreported };
}

const lineOf = ({ sku, unitPrice }: TestOrder) => ({ sku, unitPrice });

/** Outcomes that were published and not handed over. */
export type Kept = { body: string; orderId: string }[];

/** Has orders decided that nobody has heard of, and others of which an outcome is missing, whose message it returns. */
export async function bringHalfway(cohort: Cohort): Promise<{ kept: Kept; heldText: TestOrder }> {
  await receive(['outcomes'], false);
  const ended = await cohort.addAll(EVERY_PAYMENT);
  const [heldText, captureBegun] = [await cohort.add('confirmed'), await cohort.add('confirmed')];
  const missing = {
    'shop.payment': await cohort.add('confirmed'),
    'shop.stock': await cohort.add('short'),
    shop: await cohort.add('declined'),
  };
  const decidedUnheard = [...ended, heldText, captureBegun];
  const all = [...decidedUnheard, ...Object.values(missing)];
  await publishAll(all.map((order) => placed(order)));
  const outcomes = await takeMessages('outcomes', 2 * all.length);
  await waitUntilHandled(RECEIVERS);

  const kept: Kept = Object.entries(missing).flatMap(([prefix, { orderId }]) =>
    outcomes.filter((body) => isOf(body, orderId, prefix)).map((body) => ({ body, orderId })),
  );
  await receive(['payment', 'stock', 'notification', 'shipping'], false);
  await receive(['outcomes'], true);
  const known = outcomes.filter((body) => !kept.some((one) => one.body === body));
  for (const body of known) await sendTo('outcomes', body, '');
  for (const { orderId } of decidedUnheard) await decided(orderId);
  await eventually('one outcome of an order is known', async () => {
    const [noPayment, noStock] = [missing['shop.payment'], missing['shop.stock']];
    return (await orderOf(noPayment.orderId))?.stock && (await orderOf(noStock.orderId))?.payment;
  });
  await waitUntilHandled(['outcomes', 'order']);
  await beginCapture(captureBegun);
  return { kept, heldText };
}

const isOf = (body: string, orderId: string, prefix: string): boolean => {
  const { type, subject } = JSON.parse(body) as { type: string; subject: string };
  return subject === orderId && type.startsWith(`${prefix}.`);
};

/** Puts a payment where an invocation leaves it that ends before the gateway has answered its capture. */
async function beginCapture({ orderId }: TestOrder): Promise<void> {
  await tables.send(
    new UpdateCommand({
      TableName: output('PaymentsTableName'),
      Key: { orderId },
      UpdateExpression: 'SET #state = :capturing',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':capturing': 'capturing' },
    }),
  );
}

/**
 * Lets messages wait in every queue, among them those that go on with orders that had come to a rest. `cancelsConfirmed`: whether the version that
 * will handle them cancels a confirmed order.
 */
export async function letWait(
  cohort: Cohort,
  settled: Settled,
  half: Awaited<ReturnType<typeof bringHalfway>>,
  cancelsConfirmed: boolean,
) {
  await receive(RECEIVERS, false);
  const fresh = await cohort.addAll([...EVERY_PAYMENT, 'cancelled']);
  await publishAll(fresh.map((order) => placed(order)));
  await publish(cancelRequested(fresh.at(-1)?.orderId ?? ''));

  const { done, absent, paidLater, cancelledLater } = settled;
  // A publisher sends what it sent before, and a customer wants out after the confirmation.
  await publishAll(done.map((order) => placed(order, ulid())));
  const [confirmed] = done;
  if (confirmed !== undefined) {
    await publish(cancelRequested(confirmed.orderId));
    if (cancelsConfirmed) cohort.endAs(confirmed, 'cancelledCharged');
  }
  await publish(placed(absent));
  await publish(cancelRequested(cancelledLater.orderId));
  await putOnBus(received(paidLater.orderId));
  for (const { body, orderId } of half.kept) await sendTo('outcomes', body, orderId);
  await holdText(half.heldText);
}

/** Reads how many messages wait for each function. */
export async function countWaiting(): Promise<Record<string, number>> {
  const counts = RECEIVERS.map(async (name) => [name, (await depth(queueUrl(name))).waiting] as const);
  return Object.fromEntries(await Promise.all(counts));
}
