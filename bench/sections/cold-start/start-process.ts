import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// Loads one function as Lambda does and handles one event: `node start.js <bundle> <event>`. It is bundled before it runs, so that it
// loads nothing that a function would not load.
type Handler = (event: object, context: object) => Promise<{ batchItemFailures?: object[] } | undefined>;

/** The milliseconds of loading the bundle, of the first call, and of CPU in both. */
export type Start = { load: number; first: number; cpu: number };

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
  const start: Start = { load: loaded - began, first: ended - loaded, cpu: (user + system) / 1_000 };
  writeSync(3, JSON.stringify(start));
  process.exit(0);
});
