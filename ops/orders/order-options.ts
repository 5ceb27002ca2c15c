import type { Command } from 'commander';
import { shellArgument, wholeNumber } from '../command.ts';

/** Describes the argument that is an order's id. */
export const ORDER_ID = "the order's id; it may begin with a dash, and after -- also with two";

const WAIT_SECONDS = 30;

/** Adds the option how long to wait for what becomes of a request. */
export const withWait = (command: Command): Command =>
  command.option(
    '--wait <seconds>',
    'how long to wait for what becomes of it; 0: do not',
    wholeNumber(0, 86_400),
    WAIT_SECONDS,
  );

/** What Ctrl-C says while a command waits for what becomes of a request. */
export const PUBLISHED = 'What was published is done all the same.';

/** Returns the command that shows what happened to an order. */
export const traceHint = (orderId: string): string => `npm run ops -- trace ${shellArgument(orderId)}`;
