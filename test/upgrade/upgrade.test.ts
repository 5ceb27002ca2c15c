import './provided.ts';
import { expect, inject, test } from 'vitest';
import { readReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { checkPromises } from '../faults/check-invariants.ts';
import type { QueuedMessage, TestOrder } from '../harness/shop-state.ts';
import { discardDeadLetters, redriveDeadLetters, replayToAll } from './after.ts';
import { bringHalfway, countWaiting, letWait, settle } from './before.ts';
import { Cohort, sweep } from './cohort.ts';
import { deployCheckout } from './deploy.ts';
import { goOn } from './go-on.ts';
import { RECEIVERS, receive, waitUntilHandled } from './messages.ts';
import { putOlderRecords } from './older-records.ts';

/** Puts more orders in, and returns them by name. */
type Prepare = (cohort: Cohort) => Promise<ReadonlyMap<string, TestOrder>>;

/** Deploys a version over another one in the midst of orders of every kind, and has it end them. */
async function deployOver(version: 'older' | 'head', prepare: Prepare = async () => new Map()) {
  const begun = new Date();
  const cohort = new Cohort();
  const cancelsConfirmed = { older: false, head: true };
  const settled = await settle(cohort, cancelsConfirmed[version === 'head' ? 'older' : 'head']);
  await cohort.look();
  await letWait(cohort, settled, await bringHalfway(cohort), cancelsConfirmed[version]);
  const olderStill = await prepare(cohort);
  const archived = { from: begun, until: new Date() };
  const waiting = await countWaiting();
  for (const name of RECEIVERS) expect(waiting[name], `messages that wait for ${name}`).toBeGreaterThan(0);

  const outputs = await deployCheckout(inject('checkouts')[version], inject('endpoint'));
  expect(outputs).toMatchObject(namesOf(inject('outputs')));
  expect(await countWaiting()).toEqual(waiting);

  await receive(RECEIVERS, true);
  await redriveDeadLetters();
  await waitUntilHandled(RECEIVERS);
  await replayToAll(version, settled.quiet, archived);
  await cohort.waitForEnds(cohort.orders.values(), sweep);
  await waitUntilHandled(RECEIVERS);
  await cohort.look();
  if (version === 'head') await goOn(cohort, settled, olderStill);
  await cohort.look();
  // What was wrong when it was archived is wrong when it is replayed.
  const deadLetter = ({ body }: QueuedMessage) => isReplayOf(body, settled.misreported.orderId);
  const observed = { ledger: cohort, statuses: cohort.statuses, negatives: [], logged: () => '' };
  await checkPromises(observed, { deadLetter });
  expect(await discardDeadLetters('payment')).toBe(1);
}

/** Picks what senders and operators hold, and what has data in it. */
const namesOf = (outputs: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(outputs).filter(([name]) => /(QueueUrl|TopicArn|TableName|BucketName|BusName)$/.test(name)),
  );

const isReplayOf = (body: string, orderId: string) =>
  readReplayed(body)?.body.includes(orderId) === true && body.includes('shop.payment.received.v1');

test('this version ends all orders that the older one began, and those in the shapes of even older ones', () =>
  deployOver('head', putOlderRecords));

test('the older version, put back, ends all orders that this one began', () => deployOver('older'));

test('this version, deployed again, ends all orders that the older one began', () => deployOver('head'));
