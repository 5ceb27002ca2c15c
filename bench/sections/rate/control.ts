/** What a consumer's process reports: that it consumes, that it is paused, or that messages are done; and its CPU time. */
export type Report = { ready?: true; paused?: true; done?: number; cpuMs: number };

// Each report is a system call, which would be measured if it were made for every message.
const REPORT_INTERVAL_MS = 10;

let unreported = 0;

/** Lets the benchmark pause consumption; returns what to wait for before each message. */
export function consumptionGate(): () => Promise<void> {
  let open = Promise.resolve();
  let reopen = () => {};
  onCommand(async (command) => {
    if (command === 'resume') return reopen();
    const { promise, resolve } = Promise.withResolvers<void>();
    [open, reopen] = [promise, resolve];
  });
  return () => open;
}

/** Handles the commands of the benchmark, and reports that the process consumes. */
export function onCommand(handle: (command: unknown) => Promise<void>): void {
  process.on('message', async (command) => {
    await handle(command);
    report(command === 'pause' ? { paused: true } : { ready: true });
  });
  process.once('disconnect', () => process.exit(0));
  report({ ready: true });
}

/** Reports that messages are done, within ten milliseconds. */
export function reportDone(count: number): void {
  if (unreported === 0) {
    setTimeout(() => {
      report({ done: unreported });
      unreported = 0;
    }, REPORT_INTERVAL_MS);
  }
  unreported += count;
}

function report(message: Omit<Report, 'cpuMs'>): void {
  const { user, system } = process.cpuUsage();
  process.send?.({ ...message, cpuMs: (user + system) / 1_000 });
}
