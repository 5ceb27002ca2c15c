import { readEngineRecord } from '../localstack/engine.ts';

/** The configuration of every SDK client; absent properties take the SDK's own defaults. */
export type AwsClientConfig = {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** Where the shop runs: AWS, or an engine on this machine. */
export type AwsTarget = {
  local: boolean;
  /** For messages: `http://127.0.0.1:4566` or `AWS (us-east-1)`. */
  where: string;
  config: AwsClientConfig;
};

/**
 * Chooses the target of the commands: AWS for `--aws`, else `AWS_ENDPOINT_URL`, else the engine recorded in
 * `.local/engine.json`, else AWS. No other code tells a local engine from AWS.
 */
export async function awsTarget(
  choice: { aws?: boolean | undefined } = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<AwsTarget> {
  const endpoint = choice.aws ? undefined : env.AWS_ENDPOINT_URL || (await readEngineRecord())?.endpoint;
  if (endpoint !== undefined) return localTarget(endpoint, env);
  // Every SDK client reads this variable too.
  delete env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  return {
    local: false,
    where: region ? `AWS (${region})` : 'AWS',
    config: region ? { region } : {},
  };
}

/** Builds the target for an engine at an endpoint. Real credentials are never sent to it. Throws when the endpoint is not a URL. */
export function localTarget(endpoint: string, env: NodeJS.ProcessEnv = process.env): AwsTarget {
  if (!URL.canParse(endpoint)) {
    throw new Error(
      `AWS_ENDPOINT_URL is "${endpoint}", which is not a URL: set it to one such as http://127.0.0.1:4566.`,
    );
  }
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { local: true, where: endpoint, config: { region, endpoint, credentials } };
}
