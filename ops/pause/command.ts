import { SQSClient } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import { type ChangeOptions, changingCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched } from '../output.ts';
import { progressPrinter } from '../progress.ts';
import { readQueueDepth } from '../queues.ts';
import { connectToShop } from '../stack.ts';
import { callerName } from './caller.ts';
import { formatPaused, formatResumed } from './format.ts';
import { nextPause, pauseConsumer, pauseInForce, readPauseState, resumeConsumer } from './pause.ts';
import { checkReason, describePause } from './record.ts';

/** `ops pause` */
export function pauseCommand(): Command {
  return changingCommand(
    'pause',
    'Stop a consumer: it takes no more messages, and they wait. What it is handling already finishes.',
    'pause payment --reason "charges twice, see incident 12"',
  )
    .argument('<consumer>', 'the consumer, or the archive')
    .option('--reason <text>', 'why, for whoever finds it paused; one line')
    .action(runPause);
}

async function runPause(consumer: string, options: ChangeOptions & { reason?: string }): Promise<void> {
  const { json, aws, yes } = options;
  const reason = checkReason(options.reason);
  const shop = await connectToShop({ aws });
  const state = await readPauseState(shop, consumer);
  const before = pauseInForce(state);
  const pause = nextPause(state, { by: await callerName(shop), reason }, new Date());
  const changed = pause !== before;
  if (changed) {
    const question =
      before === undefined ? `Pause ${consumer}?` : `${consumer} is ${describePause(before)}. Change that?`;
    if (!(await confirmChange(shop, question, { yes }))) return printNothingTouched(json);
    await interruptible('Interrupted: Lambda goes on disabling it.', (signal) =>
      pauseConsumer(shop, state, pause, { signal, onProgress: progressPrinter() }),
    );
  }
  const depth = await readQueueDepth(new SQSClient(shop.config), state.queueUrl);
  print(json, { consumer, changed, paused: pause, ...depth }, () => formatPaused(consumer, pause, { before, depth }));
}

/** `ops resume` */
export function resumeCommand(): Command {
  return changingCommand(
    'resume',
    'Let a consumer that is paused, or whose event source mapping is disabled, take messages again.',
    'resume payment',
  )
    .argument('<consumer>', 'the consumer, or the archive')
    .action(runResume);
}

async function runResume(consumer: string, { json, aws, yes }: ChangeOptions): Promise<void> {
  const shop = await connectToShop({ aws });
  const state = await readPauseState(shop, consumer);
  const paused = pauseInForce(state);
  const question = paused === undefined ? `Resume ${consumer}?` : `${consumer} is ${describePause(paused)}. Resume it?`;
  if (!(await confirmChange(shop, question, { yes }))) return printNothingTouched(json);
  const resumed = await interruptible('Interrupted: Lambda goes on enabling it.', (signal) =>
    resumeConsumer(shop, state, { signal, onProgress: progressPrinter() }),
  );
  const { messages: _, ...document } = resumed;
  print(json, document, () => formatResumed(resumed));
}
