import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { type Command, Option } from 'commander';
import { localFolder } from '../../localstack/engines.ts';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { ENDING_SIGNALS, untilEnded } from '../interruption.ts';
import { callerName } from '../pause/caller.ts';
import { printNotice } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { describePlace } from '../where.ts';
import { newAccess } from './server/access.ts';
import { actionLog, endOf } from './server/action-log.ts';
import { consoleApp } from './server/app.ts';
import { bundlePage } from './server/bundle.ts';
import type { Console } from './server/console.ts';
import { Jobs } from './server/jobs.ts';
import { Live } from './server/live.ts';

const DEFAULT_PORT = 4680;
const PORTS_TRIED = 100;

type Options = ShopOptions & { port: number; allowActions?: boolean; allowReveal?: boolean; open: boolean };

/** Builds `ops console`. */
export function consoleCommand(): Command {
  return shopCommand(
    'console',
    'Open a page in the browser that shows the running shop, and from which it can be operated.',
    'console',
    'console --aws --allow-actions',
  )
    .addOption(
      new Option('--port <n>', 'where the page is; the next free port if that is taken')
        .argParser(wholeNumber(1, 65_535))
        .default(DEFAULT_PORT),
    )
    .option('--allow-actions', 'on AWS: let the page change something, not only look')
    .option('--allow-reveal', 'on AWS: let the page show personal data, where somebody asks for it')
    .option('--no-open', 'do not open the browser')
    .action(run);
}

async function run({ json, aws, port, open, allowActions = false, allowReveal = false }: Options): Promise<void> {
  const find = () => connectToShop({ aws });
  const shop = await find();
  const log = actionLog(join(localFolder, 'console-actions.jsonl'), describePlace(shop), () => callerName(shop));
  const jobs = new Jobs((job) =>
    log.write(endOf(job)).catch(() => printNotice(`The end of ${job.id} could not be written to ${log.path}.`)),
  );
  const console = newConsole({ log, jobs, live: new Live(shop, find) }, { allowActions, allowReveal });
  const { server, url } = await serve(console, port);
  process.stdout.write(json ? `${JSON.stringify({ url })}\n` : `Console: ${url}\n`);
  if (!json) printNotice(`${describePlace(shop)}; Ctrl-C ends it. What is done is written to ${console.log.path}.`);
  if (open && !json && process.stdout.isTTY) openBrowser(url);
  await untilEnded();
  await endJobs(jobs);
  server.close();
  if ('closeAllConnections' in server) server.closeAllConnections();
}

function newConsole(
  parts: Pick<Console, 'log' | 'jobs' | 'live'>,
  { allowActions, allowReveal }: { allowActions: boolean; allowReveal: boolean },
): Console {
  const { local } = parts.live.shop;
  const actionsAllowed = local || allowActions;
  return {
    ...parts,
    get shop() {
      return parts.live.shop;
    },
    actionsAllowed,
    revealAllowed: actionsAllowed && (local || allowReveal),
    bodiesShown: actionsAllowed,
  };
}

/** Listens on the loopback only, at the port or the next that is free. */
async function serve(console: Console, wanted: number): Promise<{ server: Server; url: string }> {
  const assets = bundlePage();
  assets.catch(() => undefined);
  for (let port = wanted; port < Math.min(wanted + PORTS_TRIED, 65_536); port += 1) {
    const access = newAccess(port);
    const server = createAdaptorServer(consoleApp(console, access, () => assets)) as Server;
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return { server, url: `http://127.0.0.1:${port}/?token=${access.token}` };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new Error(`No port from ${wanted} on is free: name another with --port.`);
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens the page where there is a browser; the printed link is there in any case. */
function openBrowser(url: string): void {
  const [program, ...words] = OPENERS[process.platform] ?? ['xdg-open'];
  spawn(program, [...words, url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}

async function endJobs(jobs: Jobs): Promise<void> {
  if (jobs.running() === 0) return;
  printNotice('Ending what runs, after what it is at; Ctrl-C again leaves at once.');
  for (const name of ENDING_SIGNALS) process.once(name, () => process.exit(130));
  await jobs.stopAll();
}
