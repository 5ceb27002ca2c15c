import { DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { ConsumerName } from '../../infra/routing.ts';
import { depth, eventually, queueUrl, setReceiving, sqs } from '../deployed/deployed-shop.ts';

/** Whoever has a queue: the consumers and the archive. */
export const RECEIVERS = ['order', 'outcomes', 'payment', 'stock', 'notification', 'shipping', 'archive'] as const;

export type Receiver = ConsumerName | 'archive';

/** Lets functions receive messages, or lets their messages wait; returns once none of theirs is being handled. */
export async function receive(names: readonly Receiver[], enabled: boolean): Promise<void> {
  await Promise.all(names.map((name) => setReceiving(name, enabled)));
  if (enabled) return;
  for (const name of names) {
    await eventually(`${name} handles nothing any more`, async () => (await depth(queueUrl(name))).inFlight === 0);
  }
}

/** Waits until queues hold no message, neither waiting nor being handled. */
export async function waitUntilHandled(names: readonly Receiver[]): Promise<void> {
  let left: string[] = [];
  const busy = async (name: Receiver) => {
    const { waiting, inFlight } = await depth(queueUrl(name));
    return waiting + inFlight > 0 ? [`${name}: ${waiting} waiting, ${inFlight} in flight`] : [];
  };
  const isBusy = async () => {
    left = (await Promise.all(names.map(busy))).flat();
    return left.length > 0;
  };
  // A message that was handled may be about to be followed by another one, to a queue that was just seen empty.
  const isQuiet = async () => !(await isBusy()) && !(await isBusy());
  await eventually(`${names.join(', ')} have nothing to do`, isQuiet, 240, () => `:\n${left.join('\n')}`);
}

/** Takes so many messages from a queue that nobody else receives from, and returns their bodies. */
export async function takeMessages(name: Receiver, count: number): Promise<string[]> {
  const taken: string[] = [];
  const QueueUrl = queueUrl(name);
  await eventually(`${count} messages wait for ${name}`, async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    taken.push(...Messages.map(({ Body = '' }) => Body));
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    return taken.length >= count;
  });
  return taken;
}

/** Sends a message to one queue, as the topic or the bus hands it over; of a FIFO queue, in an order's message group. */
export async function sendTo(name: Receiver, message: object | string, orderId: string): Promise<void> {
  const MessageBody = typeof message === 'string' ? message : JSON.stringify(message);
  const QueueUrl = queueUrl(name);
  const fifo = QueueUrl.endsWith('.fifo')
    ? { MessageGroupId: orderId, MessageDeduplicationId: JSON.parse(MessageBody).id }
    : {};
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...fifo }));
}
