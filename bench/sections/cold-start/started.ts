import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// Starts one function the way Lambda does and handles one event: `node started.js <bundle> <event>`. Bundled before it runs, so that
// nothing is loaded that a function would not have.
type Handler = (event: object, context: object) => Promise<{ batchItemFailures?: object[] } | undefined>;

/** Milliseconds from nothing to the loaded bundle, from there to the end of the first call, and of CPU in both. */
export type Started = { load: number; first: number; cpu: number };

const [, , bundle = '', event = '{}'] = process.argv;
const require = createRequire(join(bundle, '..', 'index.js'));
const parsed = JSON.parse(event) as object;
const context = {
  awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  functionName: 'function',
  memoryLimitInMB: '256',
  getRemainingTimeInMillis: () => 30_000,
};

const cpuBefore = process.cpuUsage();
const began = performance.now();
const { handler } = require(bundle) as { handler: Handler };
const loaded = performance.now();
handler(parsed, context).then((answer) => {
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  if ((answer?.batchItemFailures ?? []).length > 0) throw new Error('The first call failed');
  const started: Started = { load: loaded - began, first: ended - loaded, cpu: (user + system) / 1_000 };
  writeSync(3, JSON.stringify(started));
  process.exit(0);
});
