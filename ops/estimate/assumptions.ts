import { packed } from './archive.ts';
import type { Measurements } from './calls.ts';
import { assumed } from './compute.ts';
import { POLL_SECONDS, POLLERS } from './messaging.ts';
import type { PriceList } from './prices.ts';
import { DAYS_PER_MONTH } from './stations.ts';

/** Everything the figures rest on, in sentences. */
export function assumptions({ about }: Measurements, { region, date, checked, pages }: PriceList): string[] {
  return [
    `Prices: ${region}, ${date}; ${checked}.${pages.length > 0 ? ` ${pages.join(' ')}` : ''}`,
    'The free tier is not counted, nor are tiers of volume, savings plans and taxes. Traffic within one region is free.',
    `A month has ${DAYS_PER_MONTH} days, and orders come evenly over the day: a peak has fuller batches and costs less.`,
    `Counted at the endpoint of a deployed stack, in batches of 1 and 10: ${about}. Between and beyond: a part per message, a part per batch.`,
    'A batch holds what comes within its window (messages a second × seconds), at least one message and at most the batch size: one poller gathers it; where several do, batches are smaller.',
    `Lambda's ${POLLERS} pollers ask each queue every ${POLL_SECONDS} s besides, whether there is something or not: the most it can be.`,
    'A message that SNS or EventBridge puts into a queue is a request to SQS.',
    `An invocation makes its calls one after the other, ${assumed.call} ms each (a transaction ${assumed.transaction}), computes ${assumed.batch} ms and ${assumed.message} ms a message with 512 MB (in proportion to memory), and waits ${assumed.gateway} ms for the payment gateway and ${assumed.text} ms for texts; ${assumed.coldStarts * 100} in a hundred start cold, ${assumed.coldStart} ms.`,
    `Our archive keeps the messages of a batch in one item: ${packed.pack} bytes and ${packed.message} for each message, compressed, as measured.`,
    'Records are never deleted: what is kept is one month of them, and every further month adds as much.',
    'Where texts have a daily limit (`smsPerDay`), counting one is one more write.',
    'Orders that share goods share a write to their shelf in a batch, as measured; orders of goods that nobody else buys at the moment do not.',
    'X-Ray records one trace a second and 5 % of the rest, its default. Custom metrics count as if each were seen in every hour.',
    'A data key is asked for once in the time it is kept, by each sender and receiver of a topic, queue or table. The first two yearly renewals of a key each add the price of a key.',
  ];
}
