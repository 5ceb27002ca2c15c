import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { runPaymentEffect } from '../../../lambdas/payment/effects.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import type { Fence } from '../../../lambdas/runtime/fence.ts';
import { publishing } from '../../../lambdas/runtime/outbox.ts';
import { readReplayed, wrapReplayed } from '../../../lambdas/runtime/replay-envelope.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { delivery, sqsRecord } from '../../builders/deliveries.ts';
import { cancelled, captured, confirmed, placed } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

quietLog();

function payment() {
  const gateway = new FakeGateway();
  const records = new MemoryRecordStore<Payment>();
  const outside = consumerDependencies();
  const handle = stateMachine(
    {
      decide: (known: Payment | undefined, input: Parameters<typeof nextPayment>[1]) =>
        nextPayment(known, input, new Date()),
      runEffect: (action: Parameters<typeof runPaymentEffect>[1], fence: Fence) =>
        runPaymentEffect(gateway, action, fence),
      isFirstEvent: ({ type }: PaymentInput) => type === orderPlaced.type,
    },
    records,
  )(outside.publish);
  return { gateway, records, handle, published: outside.published };
}

const replay = (event: PaymentInput) => ({ ...delivery(event), withoutEffects: true as const });

test('a replayed order unknown to payment is not authorized and not recorded', async () => {
  const { gateway, records, handle, published } = payment();
  await handle([replay(placed())]);
  expect(published).toEqual([]);
  expect(gateway.calls).toBe(0);
  expect(records.items.size).toBe(0);
});

test('a replayed confirmation captures nothing, and a replayed cancellation voids and refunds nothing', async () => {
  for (const [history, event] of [
    [[placed()], confirmed()],
    [[placed()], cancelled()],
    [[placed(), confirmed()], cancelled()],
    [[], cancelled()],
  ] as const) {
    const { gateway, records, handle, published } = payment();
    for (const earlier of history) await handle([delivery<PaymentInput>(earlier)]);
    const state = () =>
      structuredClone({ ledger: gateway.ledger, calls: gateway.calls, records: records.items, published });
    const before = state();
    await handle([replay(event)]);
    expect(state()).toEqual(before);
  }
});

test('a replay completes a record when that needs no effect', async () => {
  const { records, handle } = payment();
  await handle([replay(placed({ payment: { kind: 'awaited' } }))]);
  await handle([replay(cancelled())]);
  expect([...records.items.values()]).toMatchObject([{ state: 'voided' }]);
});

const asReplay = (withEffects: boolean) => ({
  body: wrapReplayed({ name: 'replay-1', withEffects, body: JSON.stringify(placed()) }),
});

async function receive(
  body: string,
  { replays, attributes = {} }: { replays?: readonly (typeof orderPlaced)[]; attributes?: Record<string, string> } = {},
) {
  const outside = consumerDependencies();
  const dependencies = { ...outside, ...(replays && { replays }) };
  const handler = consumer(
    'stock',
    [orderPlaced],
    publishing(async () => [{ publish: [captured()] }]),
    dependencies,
  );
  const { batchItemFailures } = await handler({ Records: [sqsRecord(body, { attributes })] });
  expect(batchItemFailures).toEqual([]);
  return { published: outside.published.map(({ type }) => type), deadLetters: outside.deadLetters };
}

test('a replayed message publishes nothing, unless the replay allows effects', async () => {
  expect((await receive(asReplay(false).body)).published).toEqual([]);
  expect((await receive(asReplay(true).body)).published).toEqual(['shop.payment.captured.v1']);
});

test('a message that breaks its contract is dead-lettered with the envelope of its replay, so that a redrive is a replay too', async () => {
  const body = wrapReplayed({ name: 'replay-1', withEffects: false, body: '{"type":"x"}' });
  const { deadLetters } = await receive(body);
  expect(deadLetters.map(({ record, errorType }) => [record.body, errorType])).toEqual([[body, 'ContractError']]);
});

describe('Where anybody may have written a message', () => {
  test('an envelope is refused, and the event in it has no effect', async () => {
    const { published, deadLetters } = await receive(asReplay(false).body, { replays: [] });
    expect(published).toEqual([]);
    expect(deadLetters.map(({ errorMessage }) => errorMessage)).toEqual(['body: must be an event, not a replay']);
  });

  test('no attribute and no further member makes a replay of an event', async () => {
    const attributes = { replayed: 'mine', withEffects: 'false', replay: 'mine' };
    const { body } = asReplay(false);
    const disguised = [
      JSON.stringify({ ...placed(), replay: 'mine', withEffects: false, event: '{}' }),
      JSON.stringify({ replay: 'mine', withEffects: false, event: body, ...placed() }),
    ];
    for (const given of [JSON.stringify(placed()), ...disguised])
      expect((await receive(given, { attributes })).published).toEqual(['shop.payment.captured.v1']);
  });

  test('what has a type, by which the filters of the topic let a message through, is no envelope', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (members, type) => {
        const body = JSON.stringify({ replay: 'r', withEffects: false, event: '{}', ...members, type });
        expect(readReplayed(body)).toBeUndefined();
      }),
    );
  });
});
