import { SQSClient } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import type { ShopOptions } from '../command.ts';
import { consumersIn } from '../consumers.ts';
import { connect } from '../stack.ts';
import { type DeadLetterQueue, sqsDeadLetters } from './queue.ts';
import type { Selectors } from './select.ts';

/** Connects to the dead-letter queues of all consumers, or of the one that is named. */
export async function open({ aws, consumer }: ShopOptions & Selectors): Promise<DeadLetterQueue[]> {
  const shop = await connect({ aws });
  const client = new SQSClient(shop.config);
  return consumersIn(shop.outputs, consumer).map((queues) => sqsDeadLetters(queues, client));
}

/** Gives a command the options that choose letters. */
export function selecting(command: Command): Command {
  return command
    .option('--consumer <name>', 'of this consumer only')
    .option('--reason <text>', 'whose error or reason contains this')
    .option('--id <messageId>', 'this one only');
}
