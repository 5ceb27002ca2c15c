import { expect, test } from 'vitest';
import { readAhead } from '../../../ops/replay/read-ahead.ts';

async function* items(count: number) {
  for (let n = 0; n < count; n += 1) yield n;
}

test('items are read in parallel, few at a time, and come in their sequence', async () => {
  let [reading, most] = [0, 0];
  const read = async (item: number) => {
    reading += 1;
    most = Math.max(most, reading);
    // The earlier ones take longer.
    for (let turn = 20; turn > item; turn -= 1) await Promise.resolve();
    reading -= 1;
    return item;
  };
  const found: number[] = [];
  for await (const item of readAhead(items(20), 3, read)) found.push(item);
  expect(found).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});

test('an item that cannot be read ends the reading when its turn comes, after those before it', async () => {
  const read = async (item: number) => {
    if (item >= 2) throw new Error(`${item} is broken`);
    return item;
  };
  const found: number[] = [];
  const reading = async () => {
    for await (const item of readAhead(items(5), 3, read)) found.push(item);
  };
  await expect(reading()).rejects.toThrow('2 is broken');
  expect(found).toEqual([0, 1]);
});
