import type { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { runPaymentEffect } from '../../../lambdas/payment/effects.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import type { Fence } from '../../../lambdas/runtime/fence.ts';
import { publishing } from '../../../lambdas/runtime/outbox.ts';
import { sqsConsumerQueue } from '../../../lambdas/runtime/queue.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { delivery, sqsRecord } from '../../builders/deliveries.ts';
import { cancelled, captured, confirmed, placed } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

quietLog();

const replayed = { replayed: 'replay-1' };
const withEffects = { ...replayed, withEffects: 'true' };

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

async function published(attributes: Record<string, string>): Promise<string[]> {
  const outside = consumerDependencies();
  const receive = consumer('stock', [orderPlaced], publishing(async () => [{ publish: [captured()] }]), outside);
  const { batchItemFailures } = await receive({ Records: [sqsRecord(placed(), { attributes })] });
  expect(batchItemFailures).toEqual([]);
  return outside.published.map(({ type }) => type);
}

test('a replayed message publishes nothing, unless the replay allows effects', async () => {
  expect(await published(replayed)).toEqual([]);
  expect(await published(withEffects)).toEqual(['shop.payment.captured.v1']);
  expect(await published({})).toEqual(['shop.payment.captured.v1']);
});

test('a replayed message that fails keeps its replay mark in the dead-letter queue', async () => {
  const sent: { Entries: { MessageAttributes: object }[] }[] = [];
  const send = async ({ input }: { input: (typeof sent)[number] }) => void sent.push(input);
  const names = { consumer: 'stock', queueUrl: 'q', deadLetterQueueUrl: 'dlq' };
  const queue = sqsConsumerQueue(names, { send } as unknown as SQSClient);
  const record = sqsRecord('{', { attributes: replayed });
  await queue.deadLetter([{ record, errorType: 'ContractError', errorMessage: 'must be JSON' }]);
  const attributes = sent[0]?.Entries[0]?.MessageAttributes;
  expect(attributes).toMatchObject({ replayed: { DataType: 'String', StringValue: 'replay-1' } });
});
