import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { orderPlaced } from '../../contracts/order.ts';
import { consumes } from '../../examples/loyalty/consumes.ts';
import { type LoyaltyEvent, type LoyaltyRecord, nextLoyalty, pointsOf } from '../../examples/loyalty/rules.ts';
import { consumer } from '../../lambdas/runtime/consume.ts';
import { countingRecordStore } from '../../lambdas/runtime/counters.ts';
import { stateMachine } from '../../lambdas/runtime/state-machine.ts';
import { consumerDependencies } from './consumer-dependencies.ts';
import { sqsRecord } from './deliveries.ts';

export const LOYALTY_TABLES = { loyalty: 'orderId', points: 'customer' } as const;

/** Hides a customer in a way that a test can read. */
export const hiddenName = (customerId: string): string => `hash of ${customerId}`;

/** Runs the loyalty consumer of the examples as one process; `receive` returns the events that are to be tried again. */
export function loyaltyConsumer(client: DynamoDBDocumentClient) {
  const outside = consumerDependencies();
  const handle = consumer(
    'loyalty',
    consumes,
    stateMachine<LoyaltyRecord, LoyaltyEvent, never, never>(
      {
        decide: (record, delivery) => nextLoyalty(record, delivery, hiddenName),
        isFirstEvent: ({ type }) => type === orderPlaced.type,
      },
      countingRecordStore<LoyaltyRecord>(
        { records: 'loyalty', counters: { table: 'points', key: 'customer' }, countsOf: pointsOf },
        client,
      ),
    ),
    outside,
  );
  const receive = async (events: readonly LoyaltyEvent[]): Promise<LoyaltyEvent[]> => {
    const messages = events.map((event) => ({ event, record: sqsRecord(event) }));
    const { batchItemFailures } = await handle({ Records: messages.map(({ record }) => record) });
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return messages.filter(({ record }) => failed.has(record.messageId)).map(({ event }) => event);
  };
  return { receive, deadLetters: outside.deadLetters };
}

/**
 * Delivers events to processes that work at the same time, in batches of this size, and again until none fails. Throws where one is
 * dead-lettered or does not end.
 */
export async function deliverAll(
  processes: readonly ReturnType<typeof loyaltyConsumer>[],
  events: readonly LoyaltyEvent[],
  batchSize: number,
): Promise<void> {
  let waiting = [...events];
  for (let round = 0; waiting.length > 0; round += 1) {
    if (round > 100) throw new Error('Some event does not end');
    const batches = processes.map((_, index) => waiting.slice(index * batchSize, (index + 1) * batchSize));
    const failed = await Promise.all(processes.map(({ receive }, index) => receive(batches[index] ?? [])));
    waiting = [...waiting.slice(processes.length * batchSize), ...failed.flat()];
  }
  const given = processes.flatMap(({ deadLetters }) => deadLetters);
  if (given.length > 0) throw new Error(`Dead-lettered: ${JSON.stringify(given)}`);
}
