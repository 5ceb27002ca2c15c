import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { busPublisher } from '../runtime/publish.ts';
import { documentClient } from '../runtime/records.ts';
import { orderIndex } from './order-index.ts';
import { orderRecords } from './order-records.ts';
import { parkingQueue } from './parking-queue.ts';
import { pauseReporter } from './pauses.ts';
import { sweeper } from './sweep.ts';

/** The function that runs every five minutes. */
export const handler = lambdaHandler('sweep', () => {
  const client = documentClient();
  const tables = {
    orders: requireEnv('TABLE_NAME'),
    payments: requireEnv('PAYMENTS_TABLE_NAME'),
    reservations: requireEnv('RESERVATIONS_TABLE_NAME'),
    notifications: requireEnv('NOTIFICATIONS_TABLE_NAME'),
    shipments: requireEnv('SHIPMENTS_TABLE_NAME'),
  };
  const reportPauses = pauseReporter(JSON.parse(requireEnv('EVENT_SOURCE_MAPPINGS')));
  const sweep = sweeper(
    orderIndex(tables.orders, client),
    orderRecords(tables, client),
    busPublisher(requireEnv('EVENT_BUS_NAME')),
    {
      deadlineMs: Number(requireEnv('ORDER_DEADLINE_SECONDS')) * 1000,
      reminderMs: Number(requireEnv('REMINDER_SECONDS')) * 1000,
      settleMs: Number(requireEnv('SETTLE_SECONDS')) * 1000,
      phoneMs: Number(requireEnv('PHONE_DAYS')) * 86_400_000,
      recordMs: Number(requireEnv('RECORD_DAYS')) * 86_400_000,
    },
    () => new Date(),
    { queue: parkingQueue(requireEnv('PARKED_LETTERS_QUEUE_URL')), parkedDays: Number(requireEnv('PARKED_DAYS')) },
  );
  return async (...run: Parameters<typeof sweep>) => {
    const [swept, reported] = await Promise.allSettled([sweep(...run), reportPauses()]);
    if (swept.status === 'rejected') throw swept.reason;
    if (reported.status === 'rejected') throw reported.reason;
    return swept.value;
  };
});
