import { createServer, type Server, type ServerResponse } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { toArchiveObjects } from '../../../lambdas/archive/object.ts';
import { cutSpan, readArchive } from '../../../ops/replay/archive.ts';
import { ArchiveBucket } from '../../builders/archive-bucket.ts';
import { archivedMessageAt } from '../../builders/archived.ts';

const minutes = (...all: number[]) => all.map((minute) => archivedMessageAt(minute * 60_000, `m-${minute}`));
const at = (time: string) => new Date(`2026-11-21T${time}Z`);

async function between(bucket: ArchiveBucket, from: string, until: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { body } of readArchive(bucket.archive(), { from: at(from), until: at(until) })) found.push(body);
  return found;
}

test('what came in is found over hours, objects and pages, oldest first', async () => {
  const messages = minutes(...Array.from({ length: 150 }, (_, minute) => minute));
  const bucket = new ArchiveBucket();
  for (const message of messages.toReversed()) bucket.add(message);
  expect(await between(bucket, '09:00', '11:30')).toEqual(messages.map(({ body }) => body));
});

test('objects whose times overlap are put in sequence', async () => {
  const bucket = new ArchiveBucket()
    .add(...minutes(0, 3, 9))
    .add(...minutes(1, 2, 5))
    .add(...minutes(4, 10));
  const found = await between(bucket, '09:00', '10:00');
  expect(found).toEqual(['m-0', 'm-1', 'm-2', 'm-3', 'm-4', 'm-5', 'm-9', 'm-10']);
});

test('the first moment counts, and the last does not, in one object or several', async () => {
  const [one, three] = [new ArchiveBucket().add(...minutes(0, 1, 2)), new ArchiveBucket()];
  for (const message of minutes(0, 1, 2)) three.add(message);
  for (const bucket of [one, three]) expect(await between(bucket, '09:00', '09:02')).toEqual(['m-0', 'm-1']);
});

test('a span inside an hour has what an object that began before it has of it, and reads no object without any of it', async () => {
  const bucket = new ArchiveBucket()
    .add(...minutes(0, 10, 20))
    .add(...minutes(1, 2))
    .add(...minutes(12))
    .add(...minutes(30))
    .add(...minutes(70));
  expect(await between(bucket, '09:05', '09:15')).toEqual(['m-10', 'm-12']);
  expect(bucket.calls.get).toBe(2);
});

test('any span of any batches has what arrived in it, in sequence', async () => {
  const minute = fc.integer({ min: 0, max: 300 });
  const batches = fc.array(fc.uniqueArray(minute, { minLength: 1, maxLength: 6 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(batches, minute, minute, async (given, one, other) => {
      const [from, until] = [Math.min(one, other), Math.max(one, other)].map((m) => at('09:00').getTime() + m * 60_000);
      const bucket = new ArchiveBucket();
      for (const batch of given) bucket.add(...minutes(...batch));
      const found: string[] = [];
      const span = { from: new Date(from ?? 0), until: new Date(until ?? 0) };
      for await (const { time } of readArchive(bucket.archive(), span)) found.push(time);
      const archived = given.flat().map((one) => archivedMessageAt(one * 60_000).time);
      expect(found).toEqual([...found].sort());
      expect(new Set(found)).toEqual(
        new Set(archived.filter((time) => time >= span.from.toISOString() && time < span.until.toISOString())),
      );
    }),
  );
});

test('an object that expires between being listed and read has no messages, and one that others put there is left out', async () => {
  const bucket = new ArchiveBucket().add(...minutes(1)).add(...minutes(2));
  bucket.objects.set('2026-11-21/09/notes.txt', Buffer.from('not ours'));
  bucket.afterList = () => bucket.objects.delete([...bucket.objects.keys()].sort()[0] ?? '');
  expect(await between(bucket, '09:00', '10:00')).toEqual(['m-2']);
});

test('a span from 1970 to 2099 begins with the first message and ends now, with one listing', async () => {
  const bucket = new ArchiveBucket().add(...minutes(0, 5)).add(...minutes(7));
  const [from, until, now] = [new Date(0), new Date('2099-01-01T00:00:00Z'), at('12:00')];
  expect(await cutSpan(bucket.archive(), { from, until }, now)).toEqual({ from: at('09:00'), until: now });
  expect(await cutSpan(bucket.archive(), { from: at('09:02'), until }, now)).toEqual({ from: at('09:02'), until: now });
  expect(await cutSpan(bucket.archive(), { from: at('09:02'), until: at('09:03') }, now)).toEqual({
    from: at('09:02'),
    until: at('09:03'),
  });
  expect(bucket.calls.list).toBe(3);
});

test('a span in which nothing arrived is empty', async () => {
  const bucket = new ArchiveBucket().add(...minutes(0, 5));
  const span = { from: at('09:06'), until: at('10:00') };
  expect(await cutSpan(bucket.archive(), span, at('12:00'))).toEqual({ from: at('10:00'), until: at('10:00') });
});

test('at most a few objects are read ahead of the one whose messages are taken', async () => {
  const bucket = new ArchiveBucket();
  for (const message of minutes(...Array.from({ length: 60 }, (_, n) => n))) bucket.add(message);
  const reading = readArchive(bucket.archive(), { from: at('09:00'), until: at('10:00') });
  await reading.next();
  expect(bucket.calls.get).toBeGreaterThan(5);
  expect(bucket.calls.get).toBeLessThan(15);
  await reading.return();
});

/** Starts a server that hangs where `hangs` says: while listing, before an object, or in the middle of one. */
async function hangingBucket(hangs: 'list' | 'get' | 'body'): Promise<{ endpoint: string; reached: Promise<void> }> {
  const [object] = toArchiveObjects(minutes(0));
  let onHang = () => {};
  const reached = new Promise<void>((resolve) => {
    onHang = resolve;
  });
  const list = (response: ServerResponse) =>
    response.end(`<ListBucketResult><Contents><Key>${object?.key}</Key></Contents></ListBucketResult>`);
  const server = await new Promise<Server>((ready) => {
    const one: Server = createServer((request, response) => {
      const at = request.url?.includes('list-type') ? 'list' : 'get';
      if (at === hangs) return onHang();
      if (at === 'list') return list(response);
      response.writeHead(200, { 'content-length': String(object?.content.length) });
      response.write(object?.content.subarray(0, 10), () => onHang());
    }).listen(0, '127.0.0.1', () => ready(one));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, reached };
}

test.each(['list', 'get', 'body'] as const)(
  'the signal ends the reading of an archive that hangs at its %s',
  async (hangs) => {
    const { endpoint, reached } = await hangingBucket(hangs);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
    const interruption = new AbortController();
    const archive = { client, bucket: 'archive', signal: interruption.signal };
    const reading = readArchive(archive, { from: at('09:00'), until: at('10:00') }).next();
    const ended = expect(reading).rejects.toThrow();
    await reached;
    interruption.abort();
    await ended;
  },
);
