import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actionLog, endOf } from '../../../ops/console/server/action-log.ts';

const newFile = async () => join(await mkdtemp(join(tmpdir(), 'actions-')), 'below', 'actions.jsonl');

test('An action is written down with who, where, what and its result, for the owner of the file alone', async () => {
  const path = await newFile();
  const log = actionLog(path, 'http://127.0.0.1:4566', async () => 'kim');
  await log.write({ action: 'pause', input: { consumer: 'payment' }, result: 'begun' });
  await log.write({ action: 'pause', input: { consumer: 'payment' }, result: 'done' });
  const lines = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual(
    ['begun', 'done'].map((result) => ({
      time: expect.stringMatching(/^\d{4}-/),
      who: 'kim',
      where: 'http://127.0.0.1:4566',
      action: 'pause',
      input: { consumer: 'payment' },
      result,
    })),
  );
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('Where nobody knows who acts, nothing is written, and it is asked again the next time', async () => {
  let known = false;
  const log = actionLog(await newFile(), 'AWS', async () => {
    if (!known) throw new Error('AWS does not say who you are.');
    return 'arn:aws:iam::1:user/kim';
  });
  const entry = { action: 'pause', input: {}, result: 'begun' };
  await expect(log.write(entry)).rejects.toThrow('AWS does not say who you are.');
  known = true;
  await log.write(entry);
  expect(await readFile(log.path, 'utf8')).toContain('user/kim');
});

test('An operation that ended is written down with the counts of its result, without lists', () => {
  const view = {
    id: 'redrive-1',
    kind: 'redrive',
    title: '3 letters',
    startedAt: '',
    done: 3,
    total: 3,
    text: '',
  } as const;
  expect(endOf({ ...view, state: 'done', result: { moved: 2, failed: 1, failures: [{ id: 'a' }] } })).toEqual({
    action: 'redrive',
    input: { id: 'redrive-1', title: '3 letters' },
    result: 'done: moved 2, failed 1',
  });
  expect(endOf({ ...view, state: 'failed', error: 'The queue is gone.' }).result).toBe('failed: The queue is gone.');
  expect(endOf({ ...view, state: 'stopped' }).result).toBe('stopped');
});
