import { createRequire } from 'node:module';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { batches } from './messages.ts';

// Runs one contestant in a process of its own: `node measured.ts <bundle>` warms it up, then answers each request to measure.
type Handler = (event: SQSEvent, context: object) => Promise<SQSBatchResponse>;

/** What is asked: at least so many messages and so much CPU time, but whoever is slow need not handle them all. */
export type Request = { messages: number; milliseconds: number; mostMilliseconds: number };

/** What is answered: microseconds of CPU, of all threads, per message. */
export type Answer = { microseconds: number; messages: number };

const { handler } = createRequire(import.meta.url)(process.argv[2] ?? '') as { handler: Handler };
const pool = batches();
const context = {
  awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  functionName: 'payment',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:payment',
  memoryLimitInMB: '256',
  getRemainingTimeInMillis: () => 30_000,
};

// The optimising compiler is done when a message takes no less from one window to the next.
const WINDOW_MS = 200;
const LOOKS = 20;
const MOST_WINDOWS = 24;
const STEADY = 0.97;

async function measure({ messages, milliseconds, mostMilliseconds }: Request): Promise<Answer> {
  const before = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  let handled = 0;
  // Looking at the clock each time would be part of what is measured.
  const goesOn = () => spent() < 1_000 * (handled < messages ? mostMilliseconds : milliseconds);
  for (let index = 0; index % LOOKS !== 0 || goesOn(); index += 1) {
    const event = pool[index % pool.length];
    if (event === undefined) throw new Error('There are no messages');
    const { batchItemFailures } = await handler(event, context);
    if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages failed`);
    handled += event.Records.length;
  }
  return { microseconds: spent() / handled, messages: handled };
}

async function warmUp(): Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  for (let window = 0, steady = 0; steady < 3 && window < MOST_WINDOWS; window += 1) {
    const { microseconds } = await measure({ messages: 0, milliseconds: WINDOW_MS, mostMilliseconds: WINDOW_MS });
    steady = microseconds < best * STEADY ? 0 : steady + 1;
    best = Math.min(best, microseconds);
  }
}

process.on('message', async (request: Request) => process.send?.(await measure(request)));
process.on('disconnect', () => process.exit(0));
await warmUp();
process.send?.('ready');
