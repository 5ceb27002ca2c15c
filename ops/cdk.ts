import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AwsClientConfig } from './aws-target.ts';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const MAX_OUTPUT_CHARS = 20_000;
const TAIL_LINES = 25;

export type CdkOptions = {
  signal: AbortSignal;
  /** Called with each line of its output. */
  onLine?: ((line: string) => void) | undefined;
};

/** Runs the CDK command line against AWS or an engine on this machine; throws with the end of its output when it fails. */
export function cdk(config: AwsClientConfig, args: readonly string[], { signal, onLine }: CdkOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let output = '';
    const child = spawn(join(bin, 'cdk'), [...args, '--ci', '--no-color', '--no-notices', '--no-version-reporting'], {
      cwd: root,
      env: environment(config),
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group, so that the CDK app it starts is ended with it.
      detached: true,
    });
    const kill = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended already.
      }
    };
    const onAbort = () => kill('SIGTERM');
    const onExit = () => kill('SIGKILL');
    signal.addEventListener('abort', onAbort, { once: true });
    process.once('exit', onExit);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output = (output + text.toString()).slice(-MAX_OUTPUT_CHARS);
      });
      if (onLine !== undefined) createInterface({ input: stream }).on('line', onLine);
    }
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', onAbort);
      process.off('exit', onExit);
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve();
      else reject(new Error(`\`cdk ${args[0]}\` failed (${code}). The end of its output:\n${tail(output)}`));
    });
  });
}

const tail = (text: string) => text.trim().split('\n').slice(-TAIL_LINES).join('\n');

/**
 * Builds the environment: on AWS the user's own, for an engine without the user's AWS settings: credentials must not reach the engine, and
 * the command must not reach AWS.
 */
function environment({ endpoint, region = '', credentials }: AwsClientConfig): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => endpoint === undefined || !/^(AWS_|CDK_)/.test(name));
  const common = {
    ...Object.fromEntries(own),
    PATH: [bin, process.env.PATH].join(delimiter),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
  };
  if (endpoint === undefined) return common;
  return {
    ...common,
    NO_PROXY: [process.env.NO_PROXY ?? process.env.no_proxy, '127.0.0.1,localhost'].filter(Boolean).join(','),
    // For a host name the SDK addresses S3 buckets as subdomains, which do not resolve.
    AWS_ENDPOINT_URL: endpoint.replace('//localhost', '//127.0.0.1'),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
