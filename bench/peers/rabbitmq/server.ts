import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { eventually, freePort } from '../../../test/harness/engine.ts';
import { startTied } from '../../../test/harness/tied-program.ts';

// Debian's command on the PATH runs this one as a user of its own.
const DEBIAN = '/usr/lib/rabbitmq/bin/rabbitmq-server';

export const HOW_TO_INSTALL =
  'RabbitMQ is left out, for there is no rabbitmq-server on this machine (on Debian: apt-get install rabbitmq-server).';

const AMQP_HEADER = 'AMQP\0\0\x09\x01';
const READY_WITHIN_SECONDS = 60;

/** A running RabbitMQ. */
export type RabbitServer = { url: string; stop(): Promise<void> };

/** Finds the command that starts RabbitMQ. */
const findCommand = (): string | undefined =>
  [DEBIAN, ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'rabbitmq-server'))].find((file) =>
    existsSync(file),
  );

export const isRabbitInstalled = (): boolean => findCommand() !== undefined;

/** Starts RabbitMQ in an empty folder, with its own node name, ports, cookie and data, on the loopback interface only. */
export async function startRabbit(folder: string): Promise<RabbitServer> {
  const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
  const config = join(folder, 'rabbitmq.conf');
  await mkdir(folder, { recursive: true });
  await writeFile(config, `listeners.tcp.1 = 127.0.0.1:${port}\n`);
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
  const env = {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    // RabbitMQ keeps its cookie there.
    HOME: folder,
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `bench-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
  };
  // RabbitMQ would start a port mapper that outlives it.
  const epmd = startTied(['epmd', '-port', String(mapper), '-address', '127.0.0.1'], { cwd: folder, env });
  await eventually('A response of the port mapper', () => responds(mapper), READY_WITHIN_SECONDS);
  const server = startTied([findCommand() ?? 'rabbitmq-server'], { cwd: folder, env, stderr: 'inherit' });
  const stop = async () => {
    await server.stop();
    await epmd.stop();
  };
  await eventually('A response of RabbitMQ', () => responds(port, AMQP_HEADER), READY_WITHIN_SECONDS);
  return { url: `amqp://guest:guest@127.0.0.1:${port}`, stop };
}

/** Resolves to true if a port accepts connections and, given a protocol's header, responds to it. */
function responds(port: number, header?: string): Promise<true | undefined> {
  const { promise, resolve } = Promise.withResolvers<true | undefined>();
  const socket = connect(port, '127.0.0.1', () => (header === undefined ? resolve(true) : socket.write(header)));
  socket.once('data', () => resolve(true)).once('error', () => resolve(undefined));
  return promise.finally(() => socket.destroy());
}
