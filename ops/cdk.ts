import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { localFolder } from '../localstack/engines.ts';
import { engineEnvironment, withoutPersonalSettings } from '../localstack/environment.ts';
import type { AwsClientConfig } from './aws-target.ts';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const home = join(localFolder, 'cdk-home');
const MAX_OUTPUT_CHARS = 20_000;
const TAIL_LINES = 25;
// Without a profile, CDK takes that of ~/.cdk.json, and works in another account than the one that the command named.
const OPTIONS = ['--ci', '--no-color', '--no-notices', '--no-version-reporting', '--profile='];

export type CdkOptions = {
  signal: AbortSignal;
  /** Called with each line of its output. */
  onLine?: ((line: string) => void) | undefined;
};

/**
 * Runs the CDK command line on AWS or on an engine, or on neither (`undefined`), as synthesis does; throws with the end of its output when it
 * fails.
 */
export function cdk(
  target: AwsClientConfig | undefined,
  args: readonly string[],
  { signal, onLine }: CdkOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let output = '';
    const child = spawn(join(bin, 'cdk'), [...args, ...OPTIONS], {
      cwd: root,
      env: cdkEnvironment(target),
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
 * Builds the environment: on AWS the person's own. Elsewhere nothing of theirs: credentials must not reach an engine, and the command must
 * not reach AWS. A home of its own keeps out ~/.cdk.json, whose context CDK would add to ours.
 */
export function cdkEnvironment(target: AwsClientConfig | undefined): NodeJS.ProcessEnv {
  return {
    ...ownEnvironment(target),
    PATH: [bin, process.env.PATH].join(delimiter),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
  };
}

function ownEnvironment(target: AwsClientConfig | undefined): NodeJS.ProcessEnv {
  if (isAws(target)) return process.env;
  const none = target?.endpoint === undefined ? withoutPersonalSettings() : engineEnvironment(target.endpoint);
  return { ...none, HOME: home, CDK_HOME: join(home, '.cdk') };
}

const isAws = (target: AwsClientConfig | undefined) => target !== undefined && target.endpoint === undefined;
