import { Command } from 'commander';
import { orderIdArgument } from '../arguments.ts';
import type { Column } from '../columns.ts';
import { type ChangeOptions, changingCommand, type ShopOptions, shopCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { formatMoney, formatTime, table } from '../format.ts';
import { underHeader } from '../header.ts';
import type { Layout } from '../layout.ts';
import { print, printNothingTouched } from '../output.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import {
  forgetIdempotencyKeys,
  type GatewayRecord,
  listGatewayRecords,
  requireSandbox,
  setGatewayDown,
} from './gateway.ts';

/** `ops sandbox` */
export function sandboxCommand(): Command {
  const payment = new Command('payment')
    .description(
      'Take the sandbox payment gateway down and back, and see what it authorized, captured, voided and refunded.',
    )
    .addHelpText('after', '\nExample:\n  npm run ops -- sandbox payment down')
    .addCommand(
      switchCommand(
        'down',
        'Take the gateway down: every call fails until it is back.',
        'Payments wait in their queue.',
      ),
    )
    .addCommand(switchCommand('up', 'Bring the gateway back.', 'What waits is paid by and by.'))
    .addCommand(recordsCommand())
    .addCommand(forgetKeysCommand());
  return new Command('sandbox')
    .description('Work the stand-ins for other people’s services.')
    .addHelpText('after', '\nExample:\n  npm run ops -- sandbox payment records')
    .addCommand(payment);
}

function switchCommand(state: 'down' | 'up', summary: string, consequence: string): Command {
  return changingCommand(state, summary, `sandbox payment ${state}`).action(
    async ({ json, aws, yes }: ChangeOptions) => {
      const shop = await connectToShop({ aws });
      if (!(await confirmForSandbox(shop, `Take the sandbox payment gateway ${state}?`, yes))) {
        return printNothingTouched(json);
      }
      await setGatewayDown(shop, state === 'down');
      return print(json, { payment: state }, () => `The payment gateway is ${state}. ${consequence}`);
    },
  );
}

async function confirmForSandbox(shop: DeployedShop, question: string, yes: boolean | undefined): Promise<boolean> {
  requireSandbox(shop, 'this command');
  return confirmChange(shop, question, { yes });
}

function recordsCommand(): Command {
  return shopCommand(
    'records',
    "Show the gateway's own record of authorizations, captures, voids and refunds.",
    'sandbox payment records --order o-1001',
  )
    .option('--order <id>', 'of this order only', orderIdArgument)
    .action(async ({ json, aws, order }: ShopOptions & { order?: string }) => {
      const shop = await connectToShop({ aws });
      const found = await listGatewayRecords(shop, order);
      print(
        json,
        found,
        underHeader(shop, (layout) => recordsText(found, order, layout)),
      );
    });
}

const RECORDS: readonly Column[] = [
  { title: 'time', rank: 2 },
  { title: 'order', fit: 'middle' },
  { title: 'kind' },
  { title: 'amount' },
  { title: 'refund', fit: 'middle', rank: 1 },
  { title: 'reference', fit: 'middle', rank: 3 },
];

function recordsText(records: readonly GatewayRecord[], order: string | undefined, layout: Layout): string {
  if (records.length === 0)
    return `Nothing${order === undefined ? '' : ` of order ${order}`} was authorized, and no money has moved.`;
  const rows = records.map(({ time, orderId, kind, refundId = '', reference = '', ...paid }) => [
    formatTime(time, layout),
    orderId,
    kind,
    formatMoney(paid),
    refundId,
    reference,
  ]);
  return table(RECORDS, rows, layout);
}

function forgetKeysCommand(): Command {
  return changingCommand(
    'forget-keys',
    'Make the gateway forget its idempotency keys, as real ones do after a day.',
    'sandbox payment forget-keys',
  ).action(async ({ json, aws, yes }: ChangeOptions) => {
    const shop = await connectToShop({ aws });
    if (!(await confirmForSandbox(shop, 'Make the sandbox payment gateway forget its idempotency keys?', yes))) {
      return printNothingTouched(json);
    }
    const keyGeneration = await forgetIdempotencyKeys(shop);
    return print(
      json,
      { keyGeneration },
      () => 'The gateway would authorize or refund again what it is asked to repeat.',
    );
  });
}
