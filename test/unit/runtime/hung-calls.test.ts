import type { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Context } from 'aws-lambda';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { consumes } from '../../../lambdas/notification/consumes.ts';
import {
  type Notification,
  type NotificationInput,
  nextNotification,
  type OutgoingText,
  type SendResult,
} from '../../../lambdas/notification/rules.ts';
import { sendTextOnce, snsSms } from '../../../lambdas/notification/sms.ts';
import { paymentConsumer } from '../../../lambdas/payment/payment-consumer.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { circuitBreaker } from '../../../lambdas/runtime/circuit-breaker.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { confirmed, placed } from '../../builders/events.ts';
import { FakeGateway } from '../../builders/gateway.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

vi.stubEnv('CUSTOMER_HASH_KEY', 'a key');

quietLog();

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** The context of an invocation with so many seconds left. */
function secondsLeft(seconds: number): Pick<Context, 'getRemainingTimeInMillis'> {
  const end = Date.now() + seconds * 1000;
  return { getRemainingTimeInMillis: () => end - Date.now() };
}

/** Lets every promise settle that does not wait for a timer. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** A call that hangs until the test answers it. */
function hungCall() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { answered: promise, answer: () => resolve() };
}

/** A payment whose capture is resumed: it asks the gateway first, and that call hangs. */
async function resumedCapture() {
  const gateway = new FakeGateway();
  const records = new MemoryRecordStore<Payment>();
  const receive = paymentConsumer(gateway, records, consumerDependencies());
  await receive({ Records: [sqsRecord(placed())] });
  gateway.losesResponse = () => true;
  await receive({ Records: [sqsRecord(confirmed())] });
  gateway.losesResponse = () => false;
  gateway.ledger.length = 0;
  const hung = hungCall();
  const find = gateway.find.bind(gateway);
  gateway.find = async (...given) => {
    const found = await find(...given);
    await hung.answered;
    return { refunds: found.refunds };
  };
  const capture = vi.spyOn(gateway, 'capture');
  return {
    ...hung,
    receive: (context: Pick<Context, 'getRemainingTimeInMillis'>) =>
      receive({ Records: [sqsRecord(confirmed(), { messageId: 'm' })] }, context),
    accepted: async () =>
      (await Promise.allSettled(capture.mock.results.map(({ value }) => value))).filter(
        ({ status }) => status === 'fulfilled',
      ).length,
  };
}

/** A text whose check of the daily limit hangs. */
function limitedText() {
  const hung = hungCall();
  const texts: unknown[] = [];
  const client = { send: async ({ input }: PublishCommand) => void texts.push(input) } as unknown as SNSClient;
  const send = snsSms({ maxPrice: '0.50' }, client);
  const breaker = circuitBreaker({ downstream: 'SMS' });
  const receive = consumer(
    'notification',
    consumes,
    stateMachine<Notification, NotificationInput, OutgoingText, SendResult>(
      {
        decide: (notification, input) =>
          nextNotification(notification, input, { now: new Date(), leaseSeconds: 30, textWhenPlaced: true }),
        runEffect: sendTextOnce(
          ({ orderId, phone, message }, fence) => breaker(orderId, fence, (call) => send(phone, message, call)),
          async () => {
            await hung.answered;
            return true;
          },
        ),
        isFirstEvent: () => true,
      },
      new MemoryRecordStore<Notification>(),
    ),
    consumerDependencies(),
  );
  return {
    ...hung,
    receive: (context: Pick<Context, 'getRemainingTimeInMillis'>) =>
      receive({ Records: [sqsRecord(placed(), { messageId: 'm' })] }, context),
    accepted: async () => texts.length,
  };
}

describe.each([
  ['A resumed capture whose lookup hangs', resumedCapture],
  ['A text whose daily limit hangs', async () => limitedText()],
])('%s', (_, begin) => {
  test('acts when the answer comes within the invocation', async () => {
    const work = await begin();
    const handled = work.receive(secondsLeft(30));
    await settle();
    work.answer();
    expect(await handled).toEqual({ batchItemFailures: [] });
    expect(await work.accepted()).toBe(1);
  });

  test('does not act when the answer comes after the deadline', async () => {
    const work = await begin();
    const handled = work.receive(secondsLeft(8));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await handled).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    work.answer();
    await settle();
    expect(await work.accepted()).toBe(0);
  });

  test('does not act when the process was frozen, so that no timer ran, and only the wall clock went on', async () => {
    const work = await begin();
    void work.receive(secondsLeft(30));
    await settle();
    vi.setSystemTime(Date.now() + 300_000);
    work.answer();
    await settle();
    expect(await work.accepted()).toBe(0);
  });

  test('does not act when the process was frozen and the wall clock was set back meanwhile', async () => {
    const work = await begin();
    void work.receive(secondsLeft(30));
    await settle();
    const before = performance.now();
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.spyOn(performance, 'now').mockReturnValue(before + 300_000);
    work.answer();
    await settle();
    vi.mocked(performance.now).mockRestore();
    expect(await work.accepted()).toBe(0);
  });
});

test('A call that the circuit breaker gave up does not act when the process is reused for other invocations', async () => {
  const work = await resumedCapture();
  const handled = work.receive(secondsLeft(30));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await handled).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
  work.answer();
  await settle();
  expect(await work.accepted()).toBe(0);
});

test('An order that the provider fails alone is retried alone: others are served meanwhile', async () => {
  const gateway = new FakeGateway();
  const outside = consumerDependencies();
  const receive = paymentConsumer(gateway, new MemoryRecordStore<Payment>(), outside);
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const alone = sqsRecord(placed({ orderId: 'o-1', token: 'tok_error' }), { messageId: 'alone', attempt });
    expect(await receive({ Records: [alone] })).toEqual({ batchItemFailures: [{ itemIdentifier: 'alone' }] });
  }
  expect(await receive({ Records: [sqsRecord(placed({ orderId: 'o-2' }))] })).toEqual({ batchItemFailures: [] });
  expect(outside.published.map(({ type, subject }) => `${subject} ${type}`)).toEqual([
    'o-2 shop.payment.authorized.v1',
  ]);
});
