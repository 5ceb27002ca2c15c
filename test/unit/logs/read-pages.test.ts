import { CloudWatchLogsClient, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { expect, test, vi } from 'vitest';
import { pageReader } from '../../../ops/logs/read-pages.ts';

type Answer = { events?: object[]; nextToken?: string } | Error;

function clientOf(...answers: Answer[]) {
  const client = new CloudWatchLogsClient({ region: 'eu-west-1' });
  const send = vi.spyOn(client, 'send').mockImplementation(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? {};
  });
  return { client, inputs: () => send.mock.calls.map(([{ input }]) => input) };
}

test('Pages are read to the end, an empty one in between included', async () => {
  const { client, inputs } = clientOf({ events: [{ message: 'one' }], nextToken: 'a' }, { nextToken: 'b' }, {});
  const pages = await collect(pageReader(client, true, 'o-1')('group', 5));
  expect(pages).toEqual([[{ message: 'one' }], [], []]);
  const first = { logGroupName: 'group', startTime: 5, filterPattern: '"o-1"' };
  expect(inputs()).toEqual([first, { ...first, nextToken: 'a' }, { ...first, nextToken: 'b' }]);
});

test('A log that is not there yet is empty, another error is none', async () => {
  const missing = new ResourceNotFoundException({ message: 'no group', $metadata: {} });
  expect(await collect(pageReader(clientOf(missing).client, true)('group', 5))).toEqual([[]]);
  await expect(collect(pageReader(clientOf(new Error('denied')).client, true)('group', 5))).rejects.toThrow('denied');
});

test('On AWS five calls take a second', async () => {
  const { client } = clientOf({ nextToken: 'a' }, { nextToken: 'b' }, { nextToken: 'c' }, { nextToken: 'd' }, {});
  const startedAt = performance.now();
  await collect(pageReader(client, false)('group', 5));
  expect(performance.now() - startedAt).toBeGreaterThan(950);
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
