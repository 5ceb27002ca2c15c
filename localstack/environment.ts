import { devNull } from 'node:os';

/** The region of every engine: it has one account and one region, whatever the person's own set-up says. */
export const ENGINE_REGION = 'us-east-1';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const LOOPBACK = ['127.0.0.1', 'localhost'];

/** Keeps SDKs from files and services that would tell them another region, profile, endpoint or credentials. */
export const NO_SHARED_CONFIG = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
};

// What SDKs and CDK, the clients of PostgreSQL, Python, our own commands and those of older versions read, and what many tools share (DEBUG,
// ENGINE). CDK prefers npm_config_no_proxy to no_proxy.
const PERSONAL = /^((AWS|BOTO|CDK|SHOP)_\w+|PG[A-Z]+|STACK_NAME|DEBUG|ENGINE|PYTHON(PATH|HOME)|npm_config_no_proxy)$/i;

type Environment = Record<string, string>;

/** Returns the environment without the person's own settings of what works here: AWS, CDK, PostgreSQL and this repository's commands. */
export function withoutPersonalSettings(env: NodeJS.ProcessEnv = process.env): Environment {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || PERSONAL.test(name) ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(kept), ...withoutProxy(env), ...NO_SHARED_CONFIG };
}

/**
 * Builds the environment of a process that talks to an engine: the person's own, but every SDK and tool in it has the engine's endpoint, its
 * region and made-up credentials, and nothing of the person's settings.
 */
export function engineEnvironment(endpoint: string, env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    ...withoutPersonalSettings(env),
    ...withoutProxy(env, new URL(endpoint).hostname),
    ...engineVariables(endpoint),
  };
}

/** Returns the variables from which an SDK takes all that it needs for an engine. */
export const engineVariables = (endpoint: string): Environment => ({
  ...NO_SHARED_CONFIG,
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: ENGINE_REGION,
  AWS_DEFAULT_REGION: ENGINE_REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
});

/** Returns the configuration of an SDK client of an engine. It answers all that a client asks the environment and `~/.aws/config` for. */
export const engineClientConfig = (endpoint: string) => ({
  endpoint,
  region: ENGINE_REGION,
  credentials: CREDENTIALS,
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  defaultsMode: 'legacy' as const,
  retryMode: 'standard',
  maxAttempts: 3,
});

/** Returns the variables by which no proxy is used for this machine and for a host: Node, Python, Java and CDK read different ones. */
export function withoutProxy(env: NodeJS.ProcessEnv, host = ''): Environment {
  const own = [env.no_proxy, env.NO_PROXY].flatMap((list) => list?.split(/[\s,]+/) ?? []);
  const hosts = new Set([...own, ...LOOPBACK, host].filter(Boolean));
  const list = hosts.has('*') ? '*' : [...hosts].join(',');
  return { no_proxy: list, NO_PROXY: list };
}

/** Makes this process, and all that it starts, one without the person's own settings. */
export function leavePersonalSettings(env: NodeJS.ProcessEnv = process.env): void {
  const kept = withoutPersonalSettings(env);
  for (const name of Object.keys(env)) if (!(name in kept)) delete env[name];
  Object.assign(env, kept);
}
