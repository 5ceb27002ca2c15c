import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { orderProgressed } from '../../contracts/lifecycle.ts';
import { UnavailableError } from '../runtime/failure.ts';
import type { Publish } from '../runtime/publish.ts';

// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
const ENTRIES_PER_CALL = 10;

/**
 * Takes the FIFO topic's ARN and gives a `Publish` that keeps each order's events in sequence: the subject is the message
 * group, and an event goes out only after the one before it was taken. The topic drops an event it was given already.
 */
export function lifecyclePublisher(topicArn: string, client: Pick<SNSClient, 'send'> = new SNSClient({})): Publish {
  const send = async (events: readonly CloudEvent[]): Promise<(Error | undefined)[]> => {
    try {
      const { Successful = [] } = await client.send(
        new PublishBatchCommand({
          TopicArn: topicArn,
          PublishBatchRequestEntries: events.map((event, index) => ({
            Id: String(index),
            Message: JSON.stringify(event),
            MessageGroupId: event.subject ?? event.id,
            MessageDeduplicationId: event.id,
          })),
        }),
      );
      const taken = new Set(Successful.map(({ Id }) => Id));
      return events.map((_, index) =>
        taken.has(String(index)) ? undefined : new UnavailableError('The feed refused a step'),
      );
    } catch (error) {
      return events.map(() => new UnavailableError('The feed did not take a step', { cause: error }));
    }
  };

  return async (events) => {
    const answers: (Error | undefined)[] = events.map(() => undefined);
    let rest = events.map((event, index) => ({ event, index }));
    while (rest.length > 0) {
      // One step of each order per call: a call may refuse one entry and take the next.
      const groups = new Set<string | undefined>();
      const now = rest
        .filter(({ event }) => !groups.has(event.subject) && groups.add(event.subject))
        .slice(0, ENTRIES_PER_CALL);
      const failed = new Map<string | undefined, Error>();
      const sent = await send(now.map(({ event }) => event));
      sent.forEach((error, position) => {
        if (error !== undefined) failed.set(now[position]?.event.subject, error);
      });
      const done = new Set(now.map(({ index }) => index));
      for (const { event, index } of rest) {
        const error = failed.get(event.subject);
        if (error === undefined) continue;
        answers[index] = error;
        done.add(index);
      }
      rest = rest.filter(({ index }) => !done.has(index));
    }
    return answers;
  };
}

/** Takes two publishers and gives one that sends an order's steps to the first and all else to the second. */
export const splitPublisher =
  (feed: Publish, bus: Publish): Publish =>
  async (events) => {
    const isStep = events.map(({ type }) => type === orderProgressed.type);
    const steps = events.filter((_, index) => isStep[index]);
    const others = events.filter((_, index) => !isStep[index]);
    const [ofFeed, ofBus] = await Promise.all([
      steps.length === 0 ? [] : feed(steps),
      others.length === 0 ? [] : bus(others),
    ]);
    let [nextStep, nextOther] = [0, 0];
    return isStep.map((step) => (step ? ofFeed[nextStep++] : ofBus[nextOther++]));
  };
