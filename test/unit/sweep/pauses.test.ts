import {
  type GetEventSourceMappingCommandOutput,
  type LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import { pauseReporter } from '../../../lambdas/sweep/pauses.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();
beforeEach(() => log.lines.splice(0));

const NOW = Date.parse('2026-11-27T09:00:00.000Z');
type Mapping = { State: string; since: string };

async function report(mappings: Record<string, Mapping>): Promise<string[]> {
  const send = async ({ input: { UUID } }: { input: { UUID: string } }) => {
    const { State, since } = mappings[UUID] ?? { State: 'Enabled', since: '' };
    if (State === 'gone') throw new ResourceNotFoundException({ message: 'gone', $metadata: {} });
    return { State, LastModified: new Date(since) } as GetEventSourceMappingCommandOutput;
  };
  const byConsumer = Object.fromEntries(Object.keys(mappings).map((uuid) => [`consumer of ${uuid}`, uuid]));
  await pauseReporter(byConsumer, { send } as unknown as LambdaClient, () => NOW)();
  return log.lines;
}

describe('The sweep', () => {
  test('measures the longest time for which a consumer has not taken messages', async () => {
    const [line, ...others] = await report({
      one: { State: 'Disabled', since: '2026-11-27T07:30:00.000Z' },
      two: { State: 'Disabled', since: '2026-11-27T04:00:00.000Z' },
      three: { State: 'Enabled', since: '2026-11-01T00:00:00.000Z' },
    });
    expect(others).toEqual([]);
    expect(JSON.parse(line ?? '')).toMatchObject({
      consumer: 'sweep',
      PausedHours: 5,
      _aws: {
        CloudWatchMetrics: [{ Dimensions: [['consumer']], Metrics: [{ Name: 'PausedHours', Unit: 'Count' }] }],
      },
    });
  });

  test('goes on where a mapping is gone, of which nobody knows since when', async () => {
    const lines = (await report({ one: { State: 'gone', since: '' } })).map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ message: 'the event source mapping is gone', consumer: 'consumer of one' }),
      expect.objectContaining({ PausedHours: 168 }),
    ]);
  });

  test('writes no metric, which would cost money, while every consumer takes messages', async () => {
    expect(await report({ one: { State: 'Enabled', since: '2026-11-01T00:00:00.000Z' } })).toEqual([]);
  });
});
