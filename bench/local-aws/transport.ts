import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pinnedNode } from '../../localstack/engines.ts';

/** One text that was sent; `at` in milliseconds since 1970. */
export type SentText = { phone: string; message: string; at: number };

/** An in-memory AWS: SNS and SQS at one endpoint, EventBridge and texts at another. */
export type Transport = {
  queues: string;
  bus: string;
  /** Fetches every text that was sent so far. */
  texts(): Promise<SentText[]>;
  stop(): Promise<void>;
};

/** The time in milliseconds since 1970, with microseconds as its fraction. */
export const preciseNow = () => performance.timeOrigin + performance.now();

/** Starts the in-memory AWS in a process that ends with this one. */
export async function startTransport(): Promise<Transport> {
  const child = fork(join(import.meta.dirname, 'transport-process.ts'), [], {
    execPath: pinnedNode(),
    execArgv: [],
    env: { PATH: process.env.PATH, TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const failed = ended.then(() => {
    throw new Error('The in-memory SNS and SQS did not start.');
  });
  const [ports] = (await Promise.race([once(child, 'message'), failed])) as [{ queues: number; bus: number }];
  const bus = `http://127.0.0.1:${ports.bus}`;
  return {
    queues: `http://127.0.0.1:${ports.queues}`,
    bus,
    texts: async () => (await (await fetch(bus)).json()) as SentText[],
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
