import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { sqsRecord } from '../../../test/builders/deliveries.ts';
import { placed } from '../../../test/builders/events.ts';

// One process of a function, started with --expose-gc: `node memory-host.ts <bundle> <messages> <messages> …`. It handles placed orders
// in batches of ten and tells the heap that is in use after so many messages, once what nobody needs is collected.
type Handler = (event: SQSEvent, context: Partial<Context>) => Promise<SQSBatchResponse | undefined>;
const BATCH = 10;
const ROUNDS = 3;

const [, , bundle = '', ...asked] = process.argv;
const { handler } = createRequire(join(bundle, '..', 'index.js'))(bundle) as { handler: Handler };
const marks = asked.map(Number);
const heap: number[] = [];

for (let handled = 0; handled < Math.max(...marks); ) {
  const Records = Array.from({ length: BATCH }, (_, index) =>
    sqsRecord(placed({ orderId: `o-${handled + index}` }), { sentSecondsAgo: 1 }),
  );
  const context = { awsRequestId: `r-${handled}`, functionName: 'function', getRemainingTimeInMillis: () => 30_000 };
  const answer = await handler({ Records }, context);
  if ((answer?.batchItemFailures ?? []).length > 0) throw new Error('A message was not done');
  handled += BATCH;
  if (marks.includes(handled)) heap.push(await heapInUse());
}
process.send?.(heap);

async function heapInUse(): Promise<number> {
  // What is held by a turn that is still going on goes with it.
  for (let round = 0; round < ROUNDS; round += 1) {
    await turn();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
