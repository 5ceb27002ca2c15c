import type { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { money, print, span, table } from '../output.ts';
import { connect } from '../stack.ts';
import { lookUntil } from '../wait.ts';
import { lookUp } from './lookup.ts';
import { isDecided, type Trace, traceOf } from './timeline.ts';

type Options = ShopOptions & { wait?: number | true };

const WAIT_SECONDS = 60;

/** `ops trace` */
export function traceCommand(): Command {
  return shopCommand(
    'trace',
    'Show where an order is and how it got there.',
    'trace o-1001',
    'trace o-1001 --wait 30 --json',
  )
    .argument('<orderId>', 'the order')
    .option(
      '--wait [seconds]',
      `wait until the order is confirmed or cancelled, ${WAIT_SECONDS} seconds unless told otherwise`,
      wholeNumber(1, 86_400),
    )
    .action(trace);
}

async function trace(orderId: string, { json, aws, wait }: Options): Promise<void> {
  const shop = await connect({ aws });
  const look = async () => {
    const known = (await lookUp(shop, [orderId])).get(orderId);
    return known === undefined ? undefined : traceOf(known);
  };
  const seconds = wait === true ? WAIT_SECONDS : wait;
  const found =
    seconds === undefined ? await look() : await lookUntil(look, isDecided, { deadline: Date.now() + seconds * 1_000 });
  if (found === undefined) {
    const waited = seconds === undefined ? '' : ` after ${seconds} s`;
    throw new Error(
      `No order ${orderId} is known at ${shop.where}${waited}: check the id, or whether its message is in a dead-letter queue.`,
    );
  }
  print(json, found, () => text(found));
  if (seconds !== undefined && !isDecided(found)) {
    throw new Error(`Order ${orderId} was not decided within ${seconds} s.`);
  }
}

function text({ orderId, status, reason, total, payment, stock, timeline }: Trace): string {
  const state = `${status ?? 'not placed yet'}${reason === undefined ? '' : ` (${reason})`}`;
  const parts = [
    `${orderId}: ${state}`,
    ...(total === null ? [] : [money(total)]),
    ...(payment === undefined ? [] : [`payment ${payment}`]),
    ...(stock === undefined ? [] : [`stock ${stock}`]),
  ];
  const start = Date.parse(timeline[0]?.time ?? '');
  const rows = timeline.map(({ time, type, source, template }) => [
    time,
    span(Date.parse(time) - start),
    template === undefined ? type : `${type} (${template})`,
    source,
  ]);
  return `${parts.join(', ')}\n\n${table(['time', 'after', 'event', 'from'], rows)}`;
}
