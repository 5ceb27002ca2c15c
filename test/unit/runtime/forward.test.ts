import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { topicForwarder } from '../../../lambdas/order/forward.ts';
import { consumer, type Forwarder } from '../../../lambdas/runtime/consume.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { sealer } from '../../../lambdas/runtime/unwrapped.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { placed } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';

quietLog();

const body = JSON.stringify(placed());
const sns = (Message: string, MessageAttributes?: object) =>
  JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message, MessageAttributes });
const eventBridge = JSON.stringify({ 'detail-type': 'x', account: '1', detail: placed() });
const seal = sealer('a key of the stack');
const sealed = { unwrapped: { Type: 'String', Value: seal(body) } };

/** Handles messages; returns what was handled, forwarded and kept. */
async function receive(
  records: ReturnType<typeof sqsRecord>[],
  accept: Forwarder['publish'] = async (all) => all.map(() => undefined),
) {
  const handled: string[] = [];
  const forwarded: string[] = [];
  const outside = {
    ...consumerDependencies(),
    forward: {
      seal,
      publish: async (bodies) => {
        forwarded.push(...bodies);
        return accept(bodies);
      },
    } satisfies Forwarder,
  };
  const { batchItemFailures } = await consumer(
    'order',
    [orderPlaced],
    () => async (deliveries) => deliveries.map(({ messageId }) => ({ published: [], ok: handled.push(messageId) })),
    outside,
  )({ Records: records });
  return { handled: handled.length, forwarded, retried: batchItemFailures.length, deadLetters: outside.deadLetters };
}

describe('A wrapped message', () => {
  test.each([
    ['behind a byte-order mark', `\uFEFF${body}`],
    ["in SNS's envelope", sns(body)],
    ["in EventBridge's envelope", eventBridge],
  ])('%s is published bare, and not handled', async (_, text) => {
    expect(await receive([sqsRecord(text)])).toMatchObject({ handled: 0, forwarded: [body], retried: 0 });
  });

  test.each([
    ['is bare', sqsRecord(body)],
    ['was forwarded', sqsRecord(`\uFEFF${body}`, { attributes: { unwrapped: seal(body) } })],
    ['was forwarded while raw delivery is off', sqsRecord(sns(body, sealed))],
  ])('that %s is handled, so that no message goes round in circles', async (_, record) => {
    expect(await receive([record])).toMatchObject({ handled: 1, forwarded: [] });
  });

  test.each(['true', '', sealer('another key')(body), seal('another event')])(
    'that a publisher marks as unwrapped (%j) is published all the same: no attribute is believed',
    async (unwrapped) => {
      const inEnvelope = sns(body, { unwrapped: { Type: 'String', Value: unwrapped } });
      for (const record of [sqsRecord(sns(body), { attributes: { unwrapped } }), sqsRecord(inEnvelope)])
        expect(await receive([record])).toMatchObject({ handled: 0, forwarded: [body] });
    },
  );

  test('is tried again where the topic does not take it', async () => {
    const refusing: Forwarder['publish'] = async (bodies) => bodies.map(() => new UnavailableError('no'));
    expect(await receive([sqsRecord(sns(body)), sqsRecord(body)], refusing)).toMatchObject({ handled: 1, retried: 1 });
  });

  test('that breaks its contract is dead-lettered, not forwarded', async () => {
    const { forwarded, deadLetters } = await receive([sqsRecord(sns('{"type":"x"}'))]);
    expect({ forwarded, deadLetters: deadLetters.length }).toEqual({ forwarded: [], deadLetters: 1 });
  });
});

test('The forwarder seals what it publishes, and says which the topic did not take', async () => {
  const sent: unknown[] = [];
  const client = {
    send: async ({ input }: { input: { Message?: string } }) => {
      sent.push(input);
      if (input.Message === 'b') throw new Error('throttled');
    },
  };
  const answers = await topicForwarder('arn:topic', seal, client as never).publish(['a', 'b']);
  expect(answers).toEqual([undefined, expect.any(UnavailableError)]);
  expect(sent[0]).toEqual({
    TopicArn: 'arn:topic',
    Message: 'a',
    MessageAttributes: { unwrapped: { DataType: 'String', StringValue: seal('a') } },
  });
});
