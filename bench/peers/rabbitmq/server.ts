import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect as tcp } from 'node:net';
import { delimiter, join } from 'node:path';
import { connect } from 'amqplib';
import { freePort } from '../../../test/engine/started.ts';
import { keep } from '../../memory/kept.ts';

// Debian's command on the PATH insists on running as a user of its own; this is what that runs.
const DEBIAN = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** What to tell somebody on whose machine there is no RabbitMQ. */
export const HOW_TO_INSTALL =
  'RabbitMQ is left out, for there is no rabbitmq-server on this machine (on Debian: apt-get install rabbitmq-server).';

/** A RabbitMQ of the run's own; `group` is its process group. */
export type RabbitServer = { url: string; group: number; stop(): Promise<void> };

/** Gives the command that starts a RabbitMQ here, if there is one. */
const command = (): string | undefined =>
  [DEBIAN, ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'rabbitmq-server'))].find((file) =>
    existsSync(file),
  );

/** Says whether a RabbitMQ can be started here. */
export const rabbitIsThere = (): boolean => command() !== undefined;

/** Takes an empty folder and starts a RabbitMQ there, with its own node name, ports, cookie and data, on the loopback only. */
export async function startRabbit(folder: string): Promise<RabbitServer> {
  const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
  const config = join(folder, 'rabbitmq.conf');
  await mkdir(folder, { recursive: true });
  await writeFile(config, `listeners.tcp.1 = 127.0.0.1:${port}\n`);
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
  const env = {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    // The cookie is kept there.
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
  const kept = { cwd: folder, env, log: join(folder, 'rabbitmq.log') };
  // RabbitMQ would start a port mapper that outlives it.
  const epmd = await keep(['epmd', '-port', String(mapper), '-address', '127.0.0.1'], kept);
  await epmd.until('The port mapper answers', () => answers(mapper));
  const server = await keep([command() ?? 'rabbitmq-server'], kept);
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const stop = async () => {
    await server.stop();
    await epmd.stop();
  };
  const isUp = async () => {
    const connection = await connect(url);
    await connection.close();
    return true;
  };
  await server.until('RabbitMQ answers', isUp).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, group: server.pid, stop };
}

const answers = (port: number) =>
  new Promise<boolean>((answer) => {
    const socket = tcp(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => answer(true)));
    socket.once('error', () => answer(false));
  });
