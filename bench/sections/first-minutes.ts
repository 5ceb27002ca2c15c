import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { freePort, temporaryFolder } from '../../test/harness/engine.ts';
import { type Figure, measure, type Section } from '../figure.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TIMEOUT_MS = 480_000;
const MAX_OUTPUT = 3_000;
const CONFIRMED = 'CONFIRMED';
const NOTE =
  'Once, of what is committed, from this disk. What npm and pip had fetched before comes from their caches; the rest from the network.';

/** Measures what somebody waits for who follows the README for the first time. */
export const section: Section = {
  name: 'first-minutes',
  title: 'From a clone to the first confirmed order',
  async run({ progress }) {
    const cwd = temporaryFolder('first-minutes');
    const env = cleanEnvironment(`http://127.0.0.1:${await freePort()}`);
    const step = (command: string, expected?: string) => {
      progress(command);
      return secondsOf(command, { cwd, env }, expected);
    };
    const megabytes = (path: string) =>
      Number.parseInt(spawnSync('du', ['-sk', path], { cwd, encoding: 'utf8' }).stdout, 10) / 1_024;
    const stopEngine = () => spawnSync('npm', ['run', '--silent', 'ops', '--', 'down'], { cwd, env, stdio: 'ignore' });
    // Before the folder is removed.
    process.prependOnceListener('exit', stopEngine);
    try {
      const cloned = await step(`git clone --quiet --no-hardlinks ${ROOT} .`);
      const cloneSize = megabytes('.');
      const installed = await step('npm ci --no-audit --no-fund');
      const started = await step('npm start', CONFIRMED);
      const startedAgain = await step('npm start', CONFIRMED);
      const what = 'git clone && npm ci && npm start, to the first confirmed order';
      return [
        { ...figure('confirmed', what, 's', cloned + installed + started), note: NOTE },
        figure('clone', 'of it git clone', 's', cloned),
        figure('install', 'of it npm ci', 's', installed),
        figure('start', 'of it npm start: an engine is installed, started, and deployed to', 's', started),
        figure('again', 'A second npm start, to the first confirmed order', 's', startedAgain),
        figure('size.clone', 'The clone with its history', 'MB', cloneSize),
        figure('size.modules', 'node_modules', 'MB', megabytes('node_modules')),
      ];
    } finally {
      progress('npm run ops -- down');
      process.off('exit', stopEngine);
      stopEngine();
    }
  },
};

/** The environment without AWS settings and without what `npm run` adds: its variables, and this repository's Node on the PATH. */
function cleanEnvironment(endpoint: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|CDK_|ENGINE$|NODE_|INIT_CWD$|npm_(?!config_(cache|registry)))/.test(name),
  );
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), AWS_ENDPOINT_URL: endpoint };
}

/** Runs a command; returns the seconds until it printed `expected`, or until it ended. Throws if it fails. */
async function secondsOf(
  command: string,
  options: { cwd: string; env: NodeJS.ProcessEnv },
  expected?: string,
): Promise<number> {
  const [file = '', ...args] = command.split(' ');
  const began = performance.now();
  const child = spawn(file, args, { ...options, timeout: TIMEOUT_MS, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let printedAt: number | undefined;
  const onData = (text: Buffer) => {
    output = (output + text.toString()).slice(-MAX_OUTPUT);
    if (expected !== undefined && output.includes(expected)) printedAt ??= performance.now();
  };
  child.stdout.on('data', onData);
  child.stderr.on('data', onData);
  const [code] = (await once(child, 'close')) as [number | null];
  const finishedAt = expected === undefined ? performance.now() : printedAt;
  if (code === 0 && finishedAt !== undefined) return (finishedAt - began) / 1_000;
  throw new Error(`\`${command}\` failed (${code}):\n${output}`);
}

const figure = (id: string, what: string, unit: string, value: number): Figure =>
  measure(`first.${id}`, what, unit, { ours: [value] });
