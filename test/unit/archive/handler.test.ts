import { type PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { SQSEvent } from 'aws-lambda';
import { beforeEach, expect, test, vi } from 'vitest';
import { readArchiveObject } from '../../../lambdas/archive/object.ts';
import { probeBody } from '../../builders/probes.ts';
import { quietLog } from '../../builders/quiet-log.ts';

// The function is set up when it is loaded, which another test of this worker may have had.
vi.resetModules();
Object.assign(process.env, { AWS_REGION: 'eu-west-1', BUCKET_NAME: 'archive' });
const { handler } = await import('../../../lambdas/archive/handler.ts');

type Put = PutObjectCommand['input'] & { Body: Uint8Array };

const log = quietLog();

/** The objects in the bucket by key, and what S3 answers before it takes one. */
let objects: Map<string | undefined, Put>;
let beforePut: (put: Put) => void;

beforeEach(() => {
  objects = new Map();
  beforePut = () => {};
  vi.spyOn(S3Client.prototype, 'send').mockImplementation(async (command: unknown) => {
    const put = (command as PutObjectCommand).input as Put;
    beforePut(put);
    objects.set(put.Key, put);
  });
});

const record = (messageId: string, time: string, body = messageId) =>
  ({ messageId, body, attributes: { SentTimestamp: String(Date.parse(time)) } }) as SQSEvent['Records'][number];
const hours = Array.from({ length: 60 }, (_, n) => new Date(Date.UTC(2026, 10, 21, n, 30)).toISOString());

test('the archive stores a thousand messages of one hour in one object, with its media type', async () => {
  const Records = Array.from({ length: 1_000 }, (_, n) => record(`m-${n}`, `2026-11-21T09:15:00.${n % 1_000}Z`));
  expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
  const [object, ...others] = objects.values();
  expect(others).toEqual([]);
  expect(object).toMatchObject({
    Bucket: 'archive',
    ContentType: 'application/x-ndjson',
    ContentEncoding: 'gzip',
  });
  expect(readArchiveObject(object?.Body ?? Buffer.of())).toHaveLength(1_000);
});

test('the archive stores messages of different hours under their own hour', async () => {
  await handler({ Records: hours.map((time, n) => record(`m-${n}`, time)) });
  expect([...objects.keys()].map((key) => key?.slice(0, 13))).toEqual(
    hours.map((time) => time.slice(0, 13).replace('T', '/')),
  );
});

test('the archive fails the batch when S3 does not accept an object, and overwrites the others when it is tried again', async () => {
  const Records = ['2026-11-21T09:59:59Z', '2026-11-21T10:00:00Z'].map((time, n) => record(`m-${n}`, time));
  beforePut = ({ Key }) => {
    if (Key?.startsWith('2026-11-21/10/')) throw new Error('SlowDown');
  };
  await expect(handler({ Records })).rejects.toThrow('SlowDown');
  beforePut = () => {};
  expect(await handler({ Records: Records.toReversed() })).toEqual({ batchItemFailures: [] });
  expect(objects.size).toBe(2);
});

test('the archive keeps no probe, and acknowledges its own once its neighbours are stored', async () => {
  const time = '2026-11-21T09:15:00.000Z';
  const probes = ['archive', 'payment'].map((consumer) => record(consumer, time, probeBody({ consumer })));
  beforePut = () => expect(log.lines).toEqual([]);
  expect(await handler({ Records: [...probes, record('m-1', time)] })).toEqual({ batchItemFailures: [] });
  const [object, ...others] = objects.values();
  expect(others).toEqual([]);
  expect(readArchiveObject(object?.Body ?? Buffer.of())).toEqual([{ time, body: 'm-1' }]);
  expect(log.lines.map((line) => JSON.parse(line))).toMatchObject([
    { message: 'probe acknowledged', consumer: 'archive' },
    { consumer: 'archive', Done: 1 },
  ]);
});

test('the archive stores nothing for a batch of probes', async () => {
  await handler({ Records: [record('m-1', '2026-11-21T09:15:00.000Z', probeBody({ consumer: 'archive' }))] });
  expect(objects.size).toBe(0);
});

test('the archive counts what it stored, for `ops status`', async () => {
  await handler({ Records: [record('m-1', '2026-11-21T09:00:00Z'), record('m-2', '2026-11-21T09:00:01Z')] });
  const lines = log.lines.map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    {
      consumer: 'archive',
      Done: 2,
      _aws: { CloudWatchMetrics: [{ Dimensions: [['consumer']], Metrics: [{ Name: 'Done', Unit: 'Count' }] }] },
    },
  ]);
});
