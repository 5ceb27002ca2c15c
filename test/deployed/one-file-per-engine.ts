import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { inject } from 'vitest';
import './provided.ts';

/** Listens on a port, unless somebody else does; the port is free again when this process ends, however it ends. */
const takePort = (port: number) =>
  new Promise<boolean>((taken, failed) => {
    const server = createServer((socket) => socket.resume()).unref();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? taken(false) : failed(error),
    );
    server.listen(port, '127.0.0.1', () => taken(true));
  });

/** Waits until whoever listens on a port ends. */
const portReleased = (port: number) =>
  new Promise<void>((released) => {
    connect(port, '127.0.0.1')
      .once('error', () => released())
      .once('close', () => released())
      .resume();
  });

// The files of one engine share its shop, so they run one after the other; those of the other engine meanwhile.
const port = inject('turnPort');
while (!(await takePort(port))) {
  await portReleased(port);
  await wait(20);
}
