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
import { type AlarmTest, testAlarm } from './test-alarm.ts';

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
    'Show every alarm with its state; those in ALARM come first and say what to do.',
    'alarm list',
  ).action(async ({ json, aws }: ShopOptions) => {
    const shop = await connectToShop({ aws });
    const alarms = await listAlarms(shop, new CloudWatchClient(shop.config));
    const report = (layout: Layout) => {
      const rows = alarms.map(({ name, state, since }) => [name, state, formatTime(since, layout)]);
      const inAlarm = alarms.filter(({ state }) => state === 'ALARM');
      const descriptions = inAlarm.map(({ name, description }) => `${name}: ${description}`);
      return [table([{ title: 'alarm', fit: 'middle' }, 'state', 'since'], rows, layout), ...descriptions].join('\n\n');
    };
    print(json, alarms, underHeader(shop, report));
  });
}

function testCommand(): Command {
  return changingCommand(
    'test',
    'Set an alarm to ALARM for real: subscribers of the alarm topic are notified, with a reason that says it is a test.',
    'alarm test payment-dead-letters',
  )
    .argument('<name>', 'the alarm, as `alarm list` calls it', nameArgument("The alarm's name"))
    .action(async (name: string, { json, aws, yes }: ChangeOptions) => {
      const shop = await connectToShop({ aws });
      if (!(await confirmChange(shop, `Set the alarm ${name} to ALARM, and notify its subscribers?`, { yes }))) {
        return printNothingTouched(json);
      }
      const client = new CloudWatchClient(shop.config);
      const result = await interruptible('Interrupted: setting the alarm back.', async (signal) => {
        const tested = await testAlarm(shop, client, name);
        signal.throwIfAborted();
        return tested;
      });
      return print(json, result, () => formatResult(result));
    });
}

function formatResult({ name, state, subscribers, unconfirmed }: AlarmTest): string {
  const notified =
    subscribers === 0
      ? 'nobody was notified: deploy with -c alarmEmail=<address>, or subscribe to AlarmTopicArn'
      : `${subscribers} ${subscribers === 1 ? 'subscriber was' : 'subscribers were'} notified`;
  const unconfirmedNote = unconfirmed === 0 ? '' : `; ${unconfirmed} more never confirmed the subscription`;
  return `${name} was in ALARM and is ${state} again; ${notified}${unconfirmedNote}.`;
}
