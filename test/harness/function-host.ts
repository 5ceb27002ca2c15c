import { openSync, readSync } from 'node:fs';
import { createRequire, flushCompileCache } from 'node:module';

// Runs one function as Lambda does: loads its bundle once, then handles one event after the other. Its clock is the test's: the
// real time plus the time that was skipped, plus an error. The skipped time is read from the clock's file whenever somebody looks at the
// clock, so that a process that was frozen finds all of it passed at once; timers that came due meanwhile run at the thaw.
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

const [, , bundle = '', clockFile] = process.argv;
const clockDescriptor = clockFile === undefined ? undefined : openSync(clockFile, 'r');
const skipped = new Float64Array(1);
let invocationSkippedMs = 0;
let clockErrorMs = 0;
let timeScale = 1;
const realNow = performance.now.bind(performance);
const skippedMs = () => {
  if (clockDescriptor === undefined) return invocationSkippedMs;
  readSync(clockDescriptor, skipped, 0, 8, 0);
  return skipped[0] ?? 0;
};
performance.now = () => realNow() + skippedMs();
globalThis.Date = new Proxy(Date, {
  construct(target, given: unknown[], newTarget) {
    const parts = given.length === 0 ? [target.now() + skippedMs() + clockErrorMs] : given;
    return Reflect.construct(target, parts, newTarget);
  },
  get(target, name) {
    if (name === 'now') return () => target.now() + skippedMs() + clockErrorMs;
    return Reflect.get(target, name);
  },
});

/** The time limits that are running, and when each is due by `performance.now`. */
const limits = new Map<NodeJS.Timeout, { dueAt: number; run: () => void }>();
const realTimeout = globalThis.setTimeout;
const realClear = globalThis.clearTimeout;
globalThis.setTimeout = Object.assign((run: (...given: unknown[]) => void, wait = 0, ...given: unknown[]) => {
  if (wait <= MAX_WAIT_MS) return realTimeout(run, wait / timeScale, ...given);
  const runOnce = () => {
    limits.delete(timer);
    run(...given);
  };
  const timer = realTimeout(runOnce, wait);
  limits.set(timer, { dueAt: performance.now() + wait, run: runOnce });
  return timer;
}, realTimeout);
globalThis.clearTimeout = (timer) => {
  if (typeof timer === 'object') limits.delete(timer);
  realClear(timer);
};
process.on('SIGCONT', () => {
  for (const [timer, { dueAt, run }] of limits) {
    if (dueAt > performance.now()) continue;
    realClear(timer);
    run();
  }
});

const { handler } = createRequire(import.meta.url)(bundle) as { handler: Handler };

const cpuMicros = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

process.on('message', async ({ id, event, timeoutMs, ...time }: Invocation) => {
  ({ skippedMs: invocationSkippedMs, clockErrorMs, timeScale } = time);
  const deadline = performance.now() + timeoutMs;
  const context = {
    awsRequestId: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    functionName: 'function',
    getRemainingTimeInMillis: () => Math.max(0, deadline - performance.now()),
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
