import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Command } from 'commander';
import { type ShopOptions, shopCommand } from '../command.ts';
import { table } from '../format.ts';
import { print } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { alarms } from './alarms.ts';
import { type Fired, fire } from './fire.ts';

/** `ops alarm` */
export function alarmCommand(): Command {
  return new Command('alarm')
    .description('See the alarms, and try whether one reaches you.')
    .addHelpText('after', '\nExample:\n  npm run ops -- alarm list')
    .addCommand(listCommand())
    .addCommand(testCommand());
}

function listCommand(): Command {
  return shopCommand(
    'list',
    'Show every alarm with its state; those that have gone off come first and say what to do.',
    'alarm list',
  ).action(async ({ json, aws }: ShopOptions) => {
    const shop = await connectToShop({ aws });
    const found = await alarms(shop, new CloudWatchClient(shop.config));
    print(json, found, () => {
      const wrong = found.filter(({ state }) => state === 'ALARM');
      const rows = found.map(({ name, state, since }) => [name, state, since.slice(0, 19)]);
      const said = wrong.map(({ name, description }) => `${name}: ${description}`);
      return [table(['alarm', 'state', 'since'], rows), ...said].join('\n\n');
    });
  });
}

function testCommand(): Command {
  return shopCommand(
    'test',
    'Really fire an alarm: whoever is subscribed to the alarm topic is told, with a reason that says it is a test.',
    'alarm test payment-dead-letters',
  )
    .argument('<name>', 'the alarm, as `alarm list` calls it')
    .action(async (name: string, { json, aws }: ShopOptions) => {
      const shop = await connectToShop({ aws });
      const fired = await fire(shop, new CloudWatchClient(shop.config), name);
      print(json, fired, () => sentence(fired));
    });
}

function sentence({ name, state, subscribers, unconfirmed }: Fired): string {
  const told =
    subscribers === 0
      ? 'nobody was told: deploy with -c alarmEmail=<address>, or subscribe to AlarmTopicArn'
      : `${subscribers} ${subscribers === 1 ? 'subscriber was' : 'subscribers were'} told`;
  const waiting = unconfirmed === 0 ? '' : `; ${unconfirmed} more never confirmed the subscription`;
  return `${name} was fired and is ${state} again; ${told}${waiting}.`;
}
