import { createRequire, flushCompileCache } from 'node:module';

// Runs one function as Lambda does: loads its bundle once, then handles one event after the other. Its clock is the test's: the
// real time plus the time that was skipped, plus an error.
type Handler = (event: unknown, context: object) => Promise<unknown>;
type Invocation = {
  id: number;
  event: unknown;
  timeoutMs: number;
  skippedMs: number;
  clockErrorMs: number;
  /** The factor by which waits between attempts are shortened, those of the SDK included. */
  timeScale: number;
};
// Longer timers are time limits, not waits.
const MAX_WAIT_MS = 4_000;

let skippedMs = 0;
let clockErrorMs = 0;
let timeScale = 1;
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
  return realTimeout(run, wait > MAX_WAIT_MS ? wait : wait / timeScale, ...given);
}, realTimeout);

const { handler } = createRequire(import.meta.url)(process.argv[2] ?? '') as { handler: Handler };

const cpuMicros = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

process.on('message', async ({ id, event, timeoutMs, ...time }: Invocation) => {
  ({ skippedMs, clockErrorMs, timeScale } = time);
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
  // A process that is killed later would not write its compile cache.
  if (id === 1) flushCompileCache();
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
flushCompileCache();
