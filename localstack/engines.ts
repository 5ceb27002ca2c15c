import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PythonRequirement } from './python.ts';

/** The two engines that can stand in for AWS on this machine. */
export type EngineName = 'ministack' | 'localstack';

/** How to install and start one engine: pinned requirements, Python version, start script and environment variables. */
export interface EngineDefinition {
  readonly title: string;
  readonly requirements: string;
  /** What starts it, and so must be importable. */
  readonly module: string;
  readonly python: PythonRequirement;
  readonly script: string;
  readonly environment: (start: { port: number; folder: string; companion: string }) => Record<string, string>;
}

const here = import.meta.dirname;

/** The folder for all files that are generated on this machine; ignored by git. */
export const localFolder = join(here, '..', '.local');

/** Returns the path of the Node that functions run on: the pinned version if installed, else the one that runs this process. */
export function pinnedNode(): string {
  const pinned = join(here, '..', 'node_modules', 'node', 'bin', 'node');
  return existsSync(pinned) ? pinned : process.execPath;
}

/** The definition of each engine. Both listen on the loopback interface only, and write only to their own folder. */
export const engines: Record<EngineName, EngineDefinition> = {
  ministack: {
    title: 'MiniStack',
    requirements: join(here, 'ministack', 'requirements.txt'),
    module: 'ministack.app',
    python: {
      label: 'Python 3.10 or newer',
      isSupported: (major, minor) => major === 3 && minor >= 10,
      uvRequest: '3.13',
    },
    script: join(here, 'ministack', 'start.py'),
    environment: ({ port, folder }) => ({
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      LOG_LEVEL: 'WARNING',
      S3_DATA_DIR: join(folder, 's3'),
      STATE_DIR: join(folder, 'state'),
      LAMBDA_WARM_TTL_SECONDS: '60',
      // These services would open further ports.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      PATH: `${join(here, 'ministack', 'bin')}:${process.env.PATH ?? ''}`,
    }),
  },
  localstack: {
    title: 'LocalStack',
    requirements: join(here, 'localstack', 'requirements.txt'),
    module: 'localstack.runtime.main',
    python: {
      label: 'Python 3.13',
      isSupported: (major, minor) => major === 3 && minor === 13,
      uvRequest: '3.13',
    },
    script: join(here, 'localstack', 'start.py'),
    environment: ({ port, folder, companion }) => ({
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      // Queue URLs under LocalStack's own domain can be resolved only with internet access.
      LOCALSTACK_HOST: `127.0.0.1:${port}`,
      SQS_ENDPOINT_STRATEGY: 'path',
      OVERRIDE_IN_DOCKER: '0',
      FILESYSTEM_ROOT: join(folder, 'root'),
      SKIP_SSL_CERT_DOWNLOAD: '1',
      DISABLE_EVENTS: '1',
      DNS_ADDRESS: '0',
      LS_LOG: 'warn',
      // The default of one poll per queue and second limits a queue to ten messages a second.
      LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: '0.01',
      LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC: '0.5',
      LAMBDA_RUNTIME_EXECUTOR: 'node-process',
      PROVIDER_OVERRIDE_DYNAMODB: 'ministack',
      // Keeps the cache of plugin entry points within this run.
      XDG_CACHE_HOME: join(folder, 'cache'),
      LAMBDA_KEEPALIVE_MS: '120000',
      COMPANION_PYTHON: companion,
    }),
  },
};
