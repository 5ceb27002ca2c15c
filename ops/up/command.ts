import { type Command, Option } from 'commander';
import type { EngineName, EngineRecord } from '../../localstack/engine.ts';
import { engines } from '../../localstack/engines.ts';
import { withLock } from '../../localstack/lock.ts';
import { isAwsChosen } from '../aws-target.ts';
import { command } from '../command.ts';
import { InterruptedError } from '../errors.ts';
import { table } from '../format.ts';
import { interruptible } from '../interruption.ts';
import type { Layout } from '../layout.ts';
import { print } from '../output.ts';
import { printNotice, progressPrinter } from '../progress.ts';
import { down, up } from './up.ts';
import { watchShop } from './watch.ts';

/** The engine to start where none answers: `--engine`, else `ENGINE` where it names one; any other value is another tool's. */
export function engineOption(): Option {
  const names = Object.keys(engines);
  const option = new Option('--engine <name>', 'what to start where nothing answers (default: ministack)').choices(
    names,
  );
  return names.includes(process.env.ENGINE ?? '') ? option.env('ENGINE') : option;
}

/** Runs what starts or stops the engine, for the command `holder`; a second such command in this clone waits until it has ended. */
export const exclusively = <T>(holder: string, work: () => Promise<T>): Promise<T> =>
  withLock({ holder: `ops ${holder}`, progress: printNotice }, work);

/** Runs `up` with its progress on the terminal; Ctrl-C ends what was begun. To be called `exclusively`. */
export const upWithProgress = (engine: EngineName | undefined) =>
  interruptible('Interrupted: ending what was begun.', (signal) =>
    up({ engine, signal, onProgress: progressPrinter() }),
  );

/** `ops up` */
export function upCommand(): Command {
  return command(
    'up',
    'Start AWS on this machine, unless it runs, and deploy the stack.',
    'up',
    'up --engine localstack',
    'up --watch',
  )
    .addOption(engineOption())
    .option('--watch', 'then put what is saved into the functions within seconds, until Ctrl-C')
    .addOption(new Option('--aws').hideHelp())
    .action(async ({ json, aws, watch, engine: name }: UpCommandOptions) => {
      if (aws || (watch && isAwsChosen({}))) throw new Error(NOT_AWS);
      if (watch && json) throw new Error('--json prints one document, so it does not go with --watch.');
      if (watch) return watchUntilInterrupted(name);
      const { engine, shop } = await exclusively('up', () => upWithProgress(name));
      print(json, { engine: engine.name, endpoint: engine.endpoint, outputs: shop.outputs }, (layout) =>
        upText(engine, shop.outputs, layout),
      );
    });
}

/** Formats what a start leaves: the stack's outputs, and where the engine runs. */
export const upText = (
  engine: Pick<EngineRecord, 'name' | 'endpoint'>,
  outputs: Readonly<Record<string, string>>,
  layout: Layout,
): string =>
  [table(['output', { title: 'value', fit: 'middle' }], Object.entries(outputs), layout), '', stillRuns(engine)].join(
    '\n',
  );

type UpCommandOptions = { json?: boolean; aws?: boolean; watch?: boolean; engine?: EngineName };

const NOT_AWS = '`up` is for an engine on this machine; a shop on AWS is deployed with `npm run deploy -- <stage>`.';

async function watchUntilInterrupted(name: EngineName | undefined): Promise<void> {
  const onProgress = progressPrinter();
  let runs: EngineRecord | undefined;
  await interruptible('Interrupted: ending what was begun.', (signal) =>
    watchShop({
      up: async () => {
        const { engine, shop } = await exclusively('up', () => up({ engine: name, signal, onProgress }));
        runs = engine;
        return shop;
      },
      onReady: () => printNotice(`watching lambdas/, contracts/, infra/ and settings/local.json; ${CTRL_C}`),
      signal,
      onProgress,
    }),
  ).catch((error: unknown) => {
    if (!(error instanceof InterruptedError) || runs === undefined) throw error;
    printNotice(stillRuns(runs));
  });
}

const CTRL_C = 'types are checked by `npm run check` alone. Ctrl-C ends it.';

const stillRuns = ({ name, endpoint }: Pick<EngineRecord, 'name' | 'endpoint'>): string =>
  `${name} runs at ${endpoint}; \`npm run ops -- down\` stops it.`;

/** `ops down` */
export function downCommand(): Command {
  return command('down', 'Stop the AWS on this machine that `up` or `npm start` started.', 'down').action(
    async ({ json }: { json?: boolean }) => {
      const result = await exclusively('down', down);
      print(json, result, () => result.message);
    },
  );
}
