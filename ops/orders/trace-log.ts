import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { type DeployedShop, STACK_NAME } from '../stack.ts';
import type { Trace } from './timeline.ts';

/** A span of time, in milliseconds since 1970. */
export type LogPeriod = { from: number; until: number };

// Clocks differ, and the log may be a while behind.
const BEFORE_MS = 15 * 60_000;
const AFTER_MS = 60 * 60_000;

/** Takes what is known of an order and gives the time in which its log lines are: the shorter, the less AWS has to search. */
export function logPeriod({ status, payment, timeline }: Trace, now: number): LogPeriod {
  const times = timeline.map(({ time }) => Date.parse(time));
  const from = Math.min(now, ...times) - BEFORE_MS;
  const texted = timeline.some(({ template }) => template !== undefined && template !== 'order-placed');
  const toRefund = status === 'CANCELLED' && ['capturing', 'captured', 'refunding'].includes(payment ?? '');
  const atRest = (status === 'CONFIRMED' || status === 'CANCELLED') && texted && !toRefund;
  return { from, until: atRest ? Math.min(now, Math.max(...times) + AFTER_MS) : now };
}

/** Reads the lines that name the order from the logs of all functions in the stack. */
export async function readLogLines(shop: DeployedShop, orderId: string, { from, until }: LogPeriod): Promise<string[]> {
  const client = new CloudWatchLogsClient(shop.config);
  const filter = {
    // As a phrase, for the emulators take a pattern of fields for any line; AWS charges neither.
    filterPattern: JSON.stringify(orderId),
    startTime: from,
    endTime: until + 1,
  };
  const read = async (logGroupName: string): Promise<string[]> => {
    const lines: string[] = [];
    try {
      for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName, ...filter })) {
        // One write of several lines may arrive as one event.
        const written = events.flatMap(({ message = '' }) => message.split('\n'));
        lines.push(...written.filter((line) => line.includes(orderId)));
      }
    } catch (error) {
      // Some engines make a function's log with its first line.
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
    return lines;
  };
  try {
    return (await Promise.all((await logGroups(shop)).map(read))).flat();
  } finally {
    client.destroy();
  }
}

async function logGroups(shop: DeployedShop): Promise<string[]> {
  const client = new CloudFormationClient(shop.config);
  const names: string[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: STACK_NAME })) {
    for (const { ResourceType, PhysicalResourceId = '' } of page.StackResourceSummaries ?? []) {
      if (ResourceType === 'AWS::Logs::LogGroup') names.push(PhysicalResourceId);
    }
  }
  client.destroy();
  return names;
}
