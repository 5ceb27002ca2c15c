import { Command } from 'commander';
import { withoutProxy } from '../localstack/environment.ts';
import { alarmCommand } from './alarm/command.ts';
import { auditCommand } from './audit/command.ts';
import { checkCommand } from './check/command.ts';
import { consoleCommand } from './console/command.ts';
import { demoCommand } from './demo/command.ts';
import { deployCommand } from './deploy/command.ts';
import { dlqCommand } from './dlq/command.ts';
import { drillCommand } from './drill/command.ts';
import { estimateCommand } from './estimate/command.ts';
import { explainCommand } from './explain/command.ts';
import { forgetCommand } from './forget/command.ts';
import { isWhole, layoutFor, showEverything } from './layout.ts';
import { loadCommand } from './load/command.ts';

import { logsCommand } from './logs/command.ts';
import { metricsCommand } from './metrics/command.ts';

import { newCommand } from './new/command.ts';

import { cancelCommand } from './orders/cancel-commands.ts';

import { placeCommand, traceCommand } from './orders/command.ts';
import { refundCommand } from './orders/refund-commands.ts';
import { outliveClosedOutput, reportFatalError } from './output.ts';
import { pauseCommand, resumeCommand } from './pause/command.ts';
import { replayCommand } from './replay/command.ts';
import { sandboxCommand } from './sandbox/command.ts';
import { statusCommand } from './status/command.ts';
import { stockCommand } from './stock/command.ts';
import { downCommand, upCommand } from './up/command.ts';
import { verifyCommand } from './verify/command.ts';
import { webhooksCommand } from './webhooks/command.ts';
import { wrapText } from './wrap.ts';

/** All commands. */
export const program = new Command('ops')
  .description("The operator's commands of the shop's messaging backbone, for this machine and for AWS alike.")
  .addHelpText('after', '\nExample:\n  npm run ops -- trace o-1001')
  .showHelpAfterError('(add --help to see the commands)');

for (const make of [
  upCommand,
  downCommand,
  deployCommand,
  demoCommand,
  checkCommand,
  placeCommand,
  cancelCommand,
  refundCommand,
  statusCommand,
  metricsCommand,
  consoleCommand,
  stockCommand,
  traceCommand,
  logsCommand,
  dlqCommand,
  replayCommand,
  explainCommand,
  verifyCommand,
  auditCommand,
  alarmCommand,
  pauseCommand,
  resumeCommand,
  forgetCommand,
  webhooksCommand,
  sandboxCommand,
  loadCommand,
  drillCommand,
  estimateCommand,
  newCommand,
]) {
  program.addCommand(make());
}

program.hook('preAction', (_, command) => showEverything(command.opts().wide === true));
fitTerminal(program);

/** Has commander's help and errors fit the terminal, as all other output does. */
function fitTerminal(command: Command): void {
  command.configureOutput({
    getOutHelpWidth: () => helpWidth(process.stdout),
    getErrHelpWidth: () => helpWidth(process.stderr),
    writeOut: (text) => process.stdout.write(wrapText(text, layoutFor(process.stdout))),
    writeErr: (text) => process.stderr.write(wrapText(text, layoutFor(process.stderr))),
  });
  for (const one of command.commands) fitTerminal(one);
}

const DEFAULT_HELP_WIDTH = 80;

function helpWidth(stream: NodeJS.WriteStream): number {
  const layout = layoutFor(stream);
  return isWhole(layout) ? DEFAULT_HELP_WIDTH : layout.width;
}

// Tests read the commands without running one.
if (import.meta.main) {
  outliveClosedOutput();
  Object.assign(process.env, withoutProxy(process.env));
  await program.parseAsync().catch(reportFatalError);
}
