import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Command } from 'commander';
import { nameArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, type ShopOptions, shopCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { formatTime, table } from '../format.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import type { Layout } from '../layout.ts';
import { print, printNothingTouched } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { listAlarms } from './alarms.ts';
import type { Target } from './targets.ts';
import { type AlarmTest, ONE_OF_EACH, testAlarm } from './test-alarm.ts';

const COLUMNS = [{ title: 'alarm', fit: 'middle' }, 'severity', 'of', 'state', 'since'] as const;

const OUTCOMES: Readonly<Record<Target['outcome'], string>> = {
  sent: 'sent',
  unconfirmed: 'not sent, because the subscription was never confirmed',
  'other severity': 'not sent, because it wants another severity',
  unknown: 'sent to the topic; who reads it, it does not let us see',
};

/** `ops alarm` */
export function alarmCommand(): Command {
  return new Command('alarm')
    .description('Show the alarms, and test whether one reaches you.')
    .addHelpText('after', '\nExample:\n  npm run ops -- alarm list')
    .addCommand(listCommand())
    .addCommand(testCommand());
}

function listCommand(): Command {
  return shopCommand(
    'list',
    'Show every alarm with its severity and state: first those that tell of others, then those in ALARM, which say what to do.',
    'alarm list',
  ).action(async ({ json, aws }: ShopOptions) => {
    const shop = await connectToShop({ aws });
    const alarms = await listAlarms(shop, new CloudWatchClient(shop.config));
    const report = (layout: Layout) => {
      const rows = alarms.map(({ name, severity, children, state, since }) => [
        name,
        severity ?? '–',
        children.length === 0 ? '' : String(children.length),
        state,
        formatTime(since, layout),
      ]);
      const inAlarm = alarms.filter(({ state }) => state === 'ALARM');
      const descriptions = inAlarm.map(({ name, description }) => `${name}: ${description}`);
      return [table(COLUMNS, rows, layout), ...descriptions].join('\n\n');
    };
    print(json, alarms, underHeader(shop, report));
  });
}

function testCommand(): Command {
  return changingCommand(
    'test',
    'Set an alarm to ALARM for real and back: its subscribers are notified twice, with a reason that says it is a test.',
    'alarm test',
    'alarm test payment-dead-letters',
  )
    .argument(
      '[name]',
      'the alarm, as `alarm list` calls it (default: one of each severity, which reaches everybody)',
      nameArgument("The alarm's name"),
    )
    .action(async (name: string | undefined, { json, aws, yes }: ChangeOptions) => {
      const shop = await connectToShop({ aws });
      const names = name === undefined ? ONE_OF_EACH : [name];
      const question = `Set ${names.length === 1 ? 'the alarm' : 'the alarms'} ${names.join(' and ')} to ALARM, and notify the subscribers?`;
      if (!(await confirmChange(shop, question, { yes }))) return printNothingTouched(json);
      const client = new CloudWatchClient(shop.config);
      const results = await interruptible('Interrupted: setting the alarm back.', async (signal) => {
        const tested: AlarmTest[] = [];
        for (const one of names) {
          tested.push(await testAlarm(shop, client, one));
          signal.throwIfAborted();
        }
        return tested;
      });
      return print(json, name === undefined ? results : results[0], () => results.map(formatResult).join('\n\n'));
    });
}

function formatResult({ name, tellsOf, state, targets }: AlarmTest): string {
  const tested = `${name}${tellsOf === undefined ? '' : `, which tells of ${tellsOf},`} was in ALARM and is ${state} again`;
  if (targets.length === 0)
    return `${tested}; nobody was notified: name somebody in alarmEmail or alarmTargets, or subscribe to AlarmTopicArn.`;
  return [`${tested}:`, ...targets.map((one) => `  ${one.protocol} ${one.endpoint}: ${OUTCOMES[one.outcome]}`)].join(
    '\n',
  );
}
