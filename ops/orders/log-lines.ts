import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import type { DeployedShop } from '../stack.ts';

/** In milliseconds since 1970, both ends inclusive. */
export type LogPeriod = { from: number; until: number };

/** Reads the functions' log lines that contain a phrase; of all functions, or of those with these log groups. */
export async function readLogLines(
  shop: DeployedShop,
  phrase: string,
  period: LogPeriod,
  groupNames?: readonly string[],
): Promise<string[]> {
  const logs = new CloudWatchLogsClient(shop.config);
  try {
    const groups = groupNames ?? (await logGroupNames(shop));
    return (await Promise.all(groups.map((group) => linesContaining(logs, group, phrase, period)))).flat();
  } finally {
    logs.destroy();
  }
}

async function linesContaining(
  client: CloudWatchLogsClient,
  logGroupName: string,
  phrase: string,
  { from, until }: LogPeriod,
): Promise<string[]> {
  // As a phrase: the emulators take a JSON field pattern to match every line.
  const filterPattern = JSON.stringify(phrase);
  const pages = paginateFilterLogEvents(
    { client },
    { logGroupName, filterPattern, startTime: from, endTime: until + 1 },
  );
  const found: string[] = [];
  try {
    for await (const { events = [] } of pages) {
      // Several lines written at once may arrive as one event.
      const lines = events.flatMap(({ message = '' }) => message.split('\n'));
      found.push(...lines.filter((line) => line.includes(phrase)));
    }
  } catch (error) {
    // Some engines create a function's log group with its first line.
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
  return found;
}

/** Finds the log groups of the stack's functions. */
export async function logGroupNames(shop: DeployedShop): Promise<string[]> {
  const client = new CloudFormationClient(shop.config);
  const names: string[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: shop.stackName })) {
    for (const { ResourceType, PhysicalResourceId = '' } of page.StackResourceSummaries ?? []) {
      if (ResourceType === 'AWS::Logs::LogGroup') names.push(PhysicalResourceId);
    }
  }
  client.destroy();
  return names;
}
