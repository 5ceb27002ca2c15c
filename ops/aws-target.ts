import { readEngineRecord } from '../localstack/engine.ts';

/** What every SDK client is made with; whatever is absent is the SDK's own default. */
export type ClientConfig = {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** Where the shop runs: AWS, or something AWS-like on this machine. */
export type AwsTarget = {
  local: boolean;
  /** For sentences: `http://127.0.0.1:4566` or `AWS`. */
  where: string;
  config: ClientConfig;
};

/**
 * Decides where the commands go: to AWS when that is asked for, else to `AWS_ENDPOINT_URL`, else to the engine noted in
 * `.local/engine.json`, else to AWS. It is the only place that knows the difference.
 */
export async function awsTarget(
  choice: { aws?: boolean | undefined } = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<AwsTarget> {
  const endpoint = choice.aws ? undefined : env.AWS_ENDPOINT_URL || (await readEngineRecord())?.endpoint;
  if (endpoint !== undefined) return localTarget(endpoint, env);
  // The SDK would follow it by itself.
  delete env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  return {
    local: false,
    where: region ? `AWS (${region})` : 'AWS',
    config: region ? { region } : {},
  };
}

/** The surroundings of one address on this machine; nobody's real credentials ever go there. */
export function localTarget(endpoint: string, env: NodeJS.ProcessEnv = process.env): AwsTarget {
  if (!URL.canParse(endpoint)) {
    throw new Error(
      `AWS_ENDPOINT_URL is "${endpoint}", which is no address: set it to one such as http://127.0.0.1:4566.`,
    );
  }
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { local: true, where: endpoint, config: { region, endpoint, credentials } };
}
