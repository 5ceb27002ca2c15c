import { createRequire, flushCompileCache } from 'node:module';

// Runs one deployed function the way Lambda does: loads its bundle once, then handles one event after the other.
// Its time is the test's: the real one plus what was skipped, and its wall clock may be wrong on top.
type Handler = (event: unknown, context: object) => Promise<unknown>;
type Invocation = {
  id: number;
  event: unknown;
  timeoutMs: number;
  skippedMs: number;
  clockErrorMs: number;
  /** How many times shorter the waits between tries are, the SDK's own ones above all. */
  haste: number;
};
// Longer ones are time limits.
const LONGEST_WAIT_MS = 4_000;

let skippedMs = 0;
let clockErrorMs = 0;
let haste = 1;
const realNow = performance.now.bind(performance);
performance.now = () => realNow() + skippedMs;
globalThis.Date = new Proxy(Date, {
  construct(target, given: unknown[], newTarget) {
    const parts = given.length === 0 ? [target.now() + skippedMs + clockErrorMs] : given;
    return Reflect.construct(target, parts, newTarget);
  },
  get(target, name) {
    if (name === 'now') return () => target.now() + skippedMs + clockErrorMs;
    return Reflect.get(target, name);
  },
});

const realTimeout = globalThis.setTimeout;
globalThis.setTimeout = Object.assign((run: (...given: unknown[]) => void, wait = 0, ...given: unknown[]) => {
  return realTimeout(run, wait > LONGEST_WAIT_MS ? wait : wait / haste, ...given);
}, realTimeout);

const { handler } = createRequire(import.meta.url)(process.argv[2] ?? '') as { handler: Handler };

const cpuMicros = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

process.on('message', async ({ id, event, timeoutMs, ...time }: Invocation) => {
  ({ skippedMs, clockErrorMs, haste } = time);
  const deadline = realNow() + timeoutMs;
  const context = {
    awsRequestId: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    functionName: 'function',
    getRemainingTimeInMillis: () => Math.max(0, deadline - realNow()),
  };
  try {
    const result = (await handler(event, context)) ?? null;
    process.send?.({ id, result, cpuMicros: cpuMicros() });
  } catch (error) {
    process.send?.({ id, error: String(error), cpuMicros: cpuMicros() });
  }
  // Who is killed leaves nothing for the next start to go faster by.
  if (id === 1) flushCompileCache();
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
flushCompileCache();
