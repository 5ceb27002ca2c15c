import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pinnedNode } from '../../localstack/engines.ts';
import type { Text } from './bus.ts';

/** What is asked of the process of the in-memory AWS. */
export type TransportRequest = { id: number; texts: string };

/** What it answers. */
export type TransportAnswer = { id: number; ports?: { queues: number; bus: number }; texts?: Text[] };

/** An in-memory AWS: SNS and SQS at one endpoint, the bus and texts at another. */
export type Transport = {
  pid: number;
  queues: string;
  bus: string;
  /** Gives the texts about orders whose id begins so. */
  texts(prefix: string): Promise<Text[]>;
  stop(): Promise<void>;
};

/** Starts the in-memory AWS in a process of its own, which ends with us. */
export async function startTransport(): Promise<Transport> {
  const child = fork(join(import.meta.dirname, 'transport.ts'), [], {
    execPath: pinnedNode(),
    execArgv: [],
    env: { PATH: process.env.PATH, TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (answer: TransportAnswer) => void>();
  let ids = 0;
  const [{ ports }] = (await once(child, 'message')) as [TransportAnswer];
  if (ports === undefined || child.pid === undefined) throw new Error('The in-memory SNS and SQS did not start');
  child.on('message', (answer: TransportAnswer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const broken = once(child, 'exit').then(() => {
    throw new Error('The in-memory SNS and SQS ended; it said why on standard error');
  });
  broken.catch(() => {});
  const ask = (request: Omit<TransportRequest, 'id'>) => {
    ids += 1;
    const id = ids;
    const answer = new Promise<TransportAnswer>((answered) => {
      waiting.set(id, answered);
      child.send({ id, ...request });
    });
    return Promise.race([answer, broken]);
  };
  return {
    pid: child.pid,
    queues: `http://127.0.0.1:${ports.queues}`,
    bus: `http://127.0.0.1:${ports.bus}`,
    texts: async (texts) => (await ask({ texts })).texts ?? [],
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
