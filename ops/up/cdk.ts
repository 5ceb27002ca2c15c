import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ClientConfig } from '../aws-target.ts';

const root = join(import.meta.dirname, '..', '..');
const bin = join(root, 'node_modules', '.bin');
const TAIL_LINES = 25;

/** Runs the CDK command against an address on this machine; throws with the end of what it said when it fails. */
export function cdk(config: ClientConfig, args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    signal.throwIfAborted();
    let said = '';
    const child = spawn(join(bin, 'cdk'), [...args, '--ci', '--no-color', '--no-notices', '--no-version-reporting'], {
      cwd: root,
      env: environment(config),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that it can be ended together with the app that it runs.
      detached: true,
    });
    const end = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended already.
      }
    };
    const onAbort = () => end('SIGTERM');
    const onExit = () => end('SIGKILL');
    signal.addEventListener('abort', onAbort, { once: true });
    process.once('exit', onExit);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        said = (said + text.toString()).slice(-20_000);
      });
    }
    child.once('error', failed);
    child.once('close', (code) => {
      signal.removeEventListener('abort', onAbort);
      process.off('exit', onExit);
      if (signal.aborted) failed(signal.reason);
      else if (code === 0) done();
      else failed(new Error(`\`cdk ${args[0]}\` failed (${code}). The end of what it said:\n${tail(said)}`));
    });
  });
}

const tail = (text: string) => text.trim().split('\n').slice(-TAIL_LINES).join('\n');

/** The person's environment without anything of their AWS set-up: nothing of it may reach the engine, or the other way. */
function environment({ endpoint = '', region = '', credentials }: ClientConfig): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_)/.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: [bin, process.env.PATH].join(delimiter),
    NO_PROXY: [process.env.NO_PROXY ?? process.env.no_proxy, '127.0.0.1,localhost'].filter(Boolean).join(','),
    // With a name, S3 buckets would be asked for as subdomains of it.
    AWS_ENDPOINT_URL: endpoint.replace('//localhost', '//127.0.0.1'),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
  };
}
