import { describe, expect, test } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import { readArchiveObject } from '../../../lambdas/archive/object.ts';
import { rewriteArchive, searchArchive } from '../../../ops/forget/archive.ts';
import { createEventSelector } from '../../../ops/replay/select.ts';
import { ArchiveBucket, refused } from '../../builders/archive-bucket.ts';
import { archivedMessageAt } from '../../builders/archived.ts';
import { confirmed, placed } from '../../builders/events.ts';

const minute = (number: number, body: object | string) =>
  archivedMessageAt(number * 60_000, typeof body === 'string' ? body : JSON.stringify(body));
const PHONE = '+821012345678';
const [mine, others] = [placed({ orderId: 'o-1' }), placed({ orderId: 'o-2', phone: '+821099999999' })];
const orders = new Set(['o-1']);
const textIn = (bucket: ArchiveBucket) =>
  [...bucket.objects].map(([key, content]) => ({ key, messages: readArchiveObject(content) }));

/** A bucket in which an order was published twice, beside another's, and decided. */
const bucketOfTwo = () =>
  new ArchiveBucket()
    .add(minute(0, mine), minute(0, others), minute(2, 'no event'))
    .add(minute(3, confirmed({ orderId: 'o-1' })), minute(4, others))
    .add(minute(70, mine));

async function forgetIn(bucket: ArchiveBucket) {
  const found = await searchArchive(bucket.archive(), orders);
  const objects = await rewriteArchive(bucket.archive(), found.keys, orders, { archiveDays: 30 });
  return { ...found, objects };
}

describe('Forgetting the person of an order in the archive', () => {
  test('reads everything, rewrites what names them, and leaves every other object', async () => {
    const bucket = bucketOfTwo();
    const [, decided] = [...bucket.objects];
    const { read, objects, known, personal } = await forgetIn(bucket);
    expect({ read, objects, known: known.get('o-1'), personal: personal.get('o-1') }).toEqual({
      read: 3,
      objects: 2,
      known: 3,
      personal: 2,
    });
    expect(JSON.stringify(textIn(bucket))).not.toContain(PHONE);
    expect(bucket.objects.get(decided?.[0] ?? '')).toBe(decided?.[1]);
  });

  test("keeps every other order's lines byte for byte, and the times of all in lines and keys", async () => {
    const bucket = bucketOfTwo();
    const before = textIn(bucket);
    await forgetIn(bucket);
    const after = textIn(bucket);
    expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
    const untouched = (all: typeof before) =>
      all
        .flatMap(({ messages }) => messages)
        .filter(({ body }) => !body.includes('"o-1"') || body.includes('confirmed'));
    expect(untouched(after)).toEqual(expect.arrayContaining(untouched(before)));
    expect(after.flatMap(({ messages }) => messages)).toHaveLength(before.flatMap(({ messages }) => messages).length);
  });

  test('leaves nothing for a second time, and a replay that still has the order', async () => {
    const bucket = bucketOfTwo();
    await forgetIn(bucket);
    expect(await forgetIn(bucket)).toMatchObject({ keys: [], objects: 0 });
    const { select, counts } = createEventSelector({ contracts: catalog, orderId: 'o-1' });
    for (const { messages } of textIn(bucket)) messages.map(select);
    expect(counts).toMatchObject({
      types: { 'shop.order.placed.v1': 1, 'shop.order.confirmed.v1': 1 },
      repeated: 1,
      broken: 0,
    });
  });

  test('loses nothing where it dies, and comes to the same when it is run again', async () => {
    const whole = bucketOfTwo();
    await forgetIn(whole);
    for (let dies = 0; dies < 2; dies += 1) {
      const bucket = bucketOfTwo();
      let changes = 0;
      bucket.beforePut = () => {
        changes += 1;
        if (changes > dies) throw new Error('killed');
      };
      await expect(forgetIn(bucket)).rejects.toThrow('killed');
      bucket.beforePut = () => {};
      await forgetIn(bucket);
      expect(textIn(bucket)).toEqual(textIn(whole));
    }
  });

  test('writes an object anew for as long as it had left', async () => {
    const bucket = new ArchiveBucket().add(minute(0, mine));
    await forgetIn(bucket);
    expect([...bucket.tags.values()]).toEqual([expect.stringMatching(/^days-left=\d+$/)]);
  });

  test('brings back nothing that another run removed between its read and its write', async () => {
    const [bucket, whole] = [bucketOfTwo(), bucketOfTwo()];
    const { keys } = await searchArchive(bucket.archive(), new Set(['o-2']));
    bucket.beforePut = async () => {
      bucket.beforePut = () => {};
      await rewriteArchive(bucket.archive(), keys, new Set(['o-2']), { archiveDays: 30 });
    };
    await forgetIn(bucket);
    await rewriteArchive(whole.archive(), [...whole.objects.keys()], new Set(['o-1', 'o-2']), { archiveDays: 30 });
    expect(textIn(bucket)).toEqual(textIn(whole));
    expect(JSON.stringify(textIn(bucket))).not.toMatch(/\+8210/);
  });

  test('tries again while another run writes an object, and says so where that has no end', async () => {
    const bucket = new ArchiveBucket().add(minute(0, mine));
    let refusals = 2;
    bucket.beforePut = () => {
      refusals -= 1;
      if (refusals >= 0) throw refused('ConditionalRequestConflict');
    };
    await forgetIn(bucket);
    expect(JSON.stringify(textIn(bucket))).not.toContain(PHONE);
    const contended = new ArchiveBucket().add(minute(0, mine));
    const before = [...contended.objects];
    contended.beforePut = () => {
      throw refused('PreconditionFailed');
    };
    const [key] = contended.objects.keys();
    await expect(forgetIn(contended)).rejects.toThrow(`Others keep changing the object ${key} of the archive`);
    expect([...contended.objects]).toEqual(before);
  });

  test('leaves an object that expires before it is written anew', async () => {
    const bucket = new ArchiveBucket().add(minute(0, mine));
    bucket.beforePut = (key) => bucket.objects.delete(key);
    await forgetIn(bucket);
    expect([...bucket.objects]).toEqual([]);
  });

  test('leaves an object in which nobody is, also one that it was told of, and one that is gone', async () => {
    const bucket = new ArchiveBucket().add(minute(0, confirmed({ orderId: 'o-1' })));
    const before = [...bucket.objects];
    const keys = [...bucket.objects.keys(), '2026-11-21/09/0000.000-0000.000-0123456789abcdef.ndjson.gz'];
    await rewriteArchive(bucket.archive(), keys, orders, { archiveDays: 30 });
    expect([...bucket.objects]).toEqual(before);
  });
});
