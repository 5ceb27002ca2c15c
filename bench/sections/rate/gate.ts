// Telling costs a system call, which nobody measured here would make for every message.
const TELL_EVERY_MS = 10;

let untold = 0;

/** Steered by the benchmark: gives what to wait for before each message; it holds back what was received while consuming is paused. */
export function gate(): () => Promise<void> {
  let open = Promise.resolve();
  let reopen = () => {};
  process.on('message', (wish) => {
    if (wish === 'pause') {
      const { promise, resolve } = Promise.withResolvers<void>();
      [open, reopen] = [promise, resolve];
    } else reopen();
    process.send?.(wish === 'pause' ? { paused: true } : { ready: true });
  });
  process.once('disconnect', () => process.exit(0));
  return () => open;
}

/** Takes how many messages were finished just now and tells the benchmark, soon. */
export function finished(count: number): void {
  if (untold === 0) setTimeout(tell, TELL_EVERY_MS);
  untold += count;
}

function tell(): void {
  process.send?.({ done: untold });
  untold = 0;
}
