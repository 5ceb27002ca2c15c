import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localTarget } from '../../../ops/aws-target.ts';
import { readHistory } from '../../../ops/dlq/history.ts';
import { type Plan, planFor } from '../../../ops/dlq/plan.ts';
import { putBack } from '../../../ops/dlq/put-back.ts';
import { deployedShop } from '../../../ops/stack.ts';
import { deadLetter, deadLetters, FakeQueue } from '../../builders/dead-letters.ts';

const shopAt = (port: number) => deployedShop(localTarget(`http://127.0.0.1:${port}`), { Outputs: [] });
const shop = shopAt(9);
const everything = () => true;

const newFile = async () => join(await mkdtemp(join(tmpdir(), 'history-')), 'folder', 'redrives.jsonl');

async function redriven(
  queue: FakeQueue,
  file: string,
  editedBodies?: ReadonlyMap<string, string>,
  notify?: (message: string) => void,
) {
  const plan: Plan = await planFor([queue], everything);
  const options = { rate: 1e9, startedAt: 5_000, selects: everything, unread: 'all' as const, notify };
  return putBack(shop, plan, { ...options, editedBodies, file });
}

const failedAgain = (body: string, at = Date.now()) =>
  deadLetter({ id: 'm-new', body, attributes: { failedAt: new Date(at).toISOString() } });

test('what was put back is written down without its body, for its owner alone', async () => {
  const file = await newFile();
  const body = '{"data":{"orderId":"o-1","customer":{"phone":"010-1234-5678"}}}';
  await redriven(new FakeQueue([deadLetter({ body })]), file);
  const text = await readFile(file, 'utf8');
  expect(JSON.parse(text)).toMatchObject({ how: 'redrive', consumer: 'payment', orderId: 'o-1', messageId: 'm-1' });
  expect(text).not.toMatch(/1234|customer/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a redrive is told with what became of its letters, the newest first', async () => {
  const file = await newFile();
  const queue = new FakeQueue(deadLetters(3));
  queue.rejectedIds.add('m-2');
  await redriven(queue, file);
  const edited = '{"data":{"orderId":"o-9","total":1}}';
  await redriven(new FakeQueue([deadLetter({ id: 'm-9' })]), file, new Map([['m-9', edited]]));
  const letters = [failedAgain('{"data": {"orderId": "o-1"}}'), failedAgain(edited)];
  const [newest, oldest, ...others] = await readHistory(shop, { file, letters });
  expect(others).toEqual([]);
  expect(newest).toMatchObject({ moved: 1, failedAgain: 1, letters: [{ messageId: 'm-9', edited: true }] });
  expect(oldest).toMatchObject({ moved: 2, notMoved: 1, failedAgain: 1 });
  expect(oldest?.letters).toEqual([
    { consumer: 'payment', orderId: 'o-0', messageId: 'm-0' },
    {
      ...{ consumer: 'payment', orderId: 'o-1', messageId: 'm-1' },
      failedAgain: { messageId: 'm-new', reason: 'ContractError: data.total: is missing' },
    },
    { consumer: 'payment', orderId: 'o-2', messageId: 'm-2', why: 'InternalError' },
  ]);
});

test('a dead letter from before the redrive, or of another consumer, has not failed again', async () => {
  const file = await newFile();
  const [first] = deadLetters(1);
  const { body = '' } = first ?? {};
  await redriven(new FakeQueue(deadLetters(1)), file);
  const other = { ...failedAgain(body), consumer: 'stock' };
  const [run] = await readHistory(shop, { file, letters: [failedAgain(body, Date.now() - 60_000), other] });
  expect(run?.failedAgain).toBe(0);
});

test('another shop has another history', async () => {
  const file = await newFile();
  await redriven(new FakeQueue(deadLetters(1)), file);
  expect(await readHistory(shopAt(10), { file, letters: [] })).toEqual([]);
  expect(await readHistory(shop, { file: `${file}.none`, letters: [] })).toEqual([]);
});

test('a history that cannot be written is said once, and keeps nothing from being put back', async () => {
  const file = await newFile();
  const blocked = join(file, 'x');
  await redriven(new FakeQueue(deadLetters(1)), file);
  const notes: string[] = [];
  const queue = new FakeQueue(deadLetters(25));
  expect(await redriven(queue, blocked, undefined, (note) => notes.push(note))).toMatchObject({ moved: 25 });
  expect(notes).toEqual([expect.stringContaining('could not be written')]);
});

test('old lines are dropped once there are some thousands', async () => {
  const file = await newFile();
  await redriven(new FakeQueue(deadLetters(1)), file);
  await writeFile(file, (await readFile(file, 'utf8')).repeat(6_000));
  await redriven(new FakeQueue(deadLetters(1)), file);
  expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(5_001);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
