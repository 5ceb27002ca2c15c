import { parseEndpoint } from '../localstack/endpoint.ts';
import { readEngineRecord } from '../localstack/engine.ts';
import { engineClientConfig } from '../localstack/environment.ts';

/** The configuration of every SDK client; absent properties, on AWS all but the region, are the person's own settings. */
export type AwsClientConfig = Partial<ReturnType<typeof engineClientConfig>>;

/** Where the shop runs: AWS, or an engine on this machine. */
export type AwsTarget = {
  local: boolean;
  /** For messages: `http://127.0.0.1:4566` or `AWS (us-east-1)`. */
  where: string;
  config: AwsClientConfig;
};

/** What the operator asked for on the command line: `--aws`. */
export type TargetChoice = { aws?: boolean | undefined };

const NO_ENGINE = 'No engine runs here: start it with `npm start`, or say --aws (SHOP_TARGET=aws) for AWS.';

/**
 * Chooses the target of the commands: AWS only where it is asked for, else `AWS_ENDPOINT_URL`, else the engine recorded in
 * `.local/engine.json`. Throws where neither is there. No other code tells a local engine from AWS.
 */
export async function awsTarget(choice: TargetChoice = {}, env: NodeJS.ProcessEnv = process.env): Promise<AwsTarget> {
  if (isAwsChosen(choice, env)) return realTarget(env);
  const endpoint = env.AWS_ENDPOINT_URL || (await readEngineRecord())?.endpoint;
  if (endpoint === undefined) throw new Error(NO_ENGINE);
  return localTarget(endpoint);
}

/**
 * Whether AWS was asked for: `--aws`, or `SHOP_TARGET=aws` for all commands of a shell. Throws for any other `SHOP_TARGET`, and where an engine is
 * named beside it: a script or a test that names its engine must not reach AWS because of the shell it was started in.
 */
export function isAwsChosen(
  { aws = false }: TargetChoice,
  { SHOP_TARGET, AWS_ENDPOINT_URL }: NodeJS.ProcessEnv = process.env,
): boolean {
  if (SHOP_TARGET && SHOP_TARGET !== 'aws') {
    throw new Error(`SHOP_TARGET is "${SHOP_TARGET}": set it to aws for AWS, or unset it for the engine here.`);
  }
  if (SHOP_TARGET && AWS_ENDPOINT_URL && !aws) {
    throw new Error(`SHOP_TARGET is aws, and AWS_ENDPOINT_URL names ${AWS_ENDPOINT_URL}: unset one of them.`);
  }
  return aws || SHOP_TARGET === 'aws';
}

function realTarget(env: NodeJS.ProcessEnv): AwsTarget {
  // AWS is at its own addresses, whatever endpoint_url the config file or the environment names, also for CDK and for signing in.
  delete env.AWS_ENDPOINT_URL;
  env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = 'true';
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  return {
    local: false,
    where: region ? `AWS (${region})` : 'AWS',
    config: region ? { region } : {},
  };
}

/**
 * Builds the target for an engine at an endpoint, on this machine or on another one. Nothing of the person's own set-up reaches its clients. Real
 * credentials are never sent to it, so what reaches AWS through it, as by a tunnel, is refused there. Throws where the endpoint names no engine.
 */
export function localTarget(endpoint: string): AwsTarget {
  const where = parseEndpoint(endpoint);
  return { local: true, where, config: engineClientConfig(where) };
}
