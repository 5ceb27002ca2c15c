import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readParkedLetter, writeParkedLetter } from '../../lambdas/sweep/parked-letter.ts';
import { parkedLetter } from '../builders/parked-letters.ts';
import { areInSequence } from './letter-queues.ts';
import { RunningCommand } from './run.ts';
import { PARKING, queueNames, StandIn } from './stand-in.ts';

let standIn: StandIn;
beforeEach(async () => {
  standIn = await new StandIn().start();
});
afterEach(() => standIn.stop());

const { queue, deadLetters } = queueNames('payment');
const bodies = (name: string) => standIn.queues.bodies(name);
const addLetters = (count: number) => standIn.queues.add(deadLetters, count, 'payment');
async function ops(...args: string[]) {
  const command = new RunningCommand(standIn.endpoint, args);
  const { code } = await command.ended;
  return { code, stderr: command.stderr, stdout: command.stdout };
}
const json = async (...args: string[]) => JSON.parse((await ops(...args, '--json')).stdout);
const NOTE = ['--owner', 'ana', '--note', 'waits for the bank', '--link', 'https://example.com/t/7'];
const park = (id: string) => json('dlq', 'park', '--id', id, ...NOTE, '--yes');
/** What a command that was killed after it had sent and before it deleted leaves. */
const parkTwice = () => standIn.queues.addBody(PARKING, bodies(PARKING)[0] ?? '');

describe('A parked letter', () => {
  test('leaves the board, is listed apart with its owner, and goes back as it was', async () => {
    addLetters(2);
    const before = bodies(deadLetters);
    const [{ expiresAt, ...first }] = await json('dlq', 'list');
    expect(await park(`${deadLetters}-1`)).toEqual({ parked: 1, failed: 0 });
    expect(bodies(deadLetters)).toEqual(before.slice(0, 1));

    const parked = { owner: 'ana', note: 'waits for the bank', link: 'https://example.com/t/7' };
    const row = { consumer: 'payment', errorType: 'TypeError', reason: 'a bug', count: 1 };
    expect(await json('dlq', 'list')).toEqual([
      { ...first, count: 1, expiresAt },
      expect.objectContaining({ ...row, parked, parkedAt: expect.any(String), expiresAt: expect.any(String) }),
    ]);
    const [shown] = (await json('dlq', 'show', '--id', `${deadLetters}-1`)) as object[];
    expect(shown).toMatchObject({ messageId: `${deadLetters}-1`, consumer: 'payment', parked });
    expect((await ops('dlq', 'list')).stdout).toMatch(/payment +1 +ana +waits for the bank/);

    expect(await json('dlq', 'unpark', '--all', '--yes')).toEqual({ unparked: 1, failed: 0 });
    expect(bodies(PARKING)).toEqual([]);
    expect(bodies(deadLetters)).toEqual(before);
    expect(await json('dlq', 'list')).toEqual([{ ...first, count: 2, expiresAt: expect.any(String) }]);
  });

  test('is no problem of the status, whose last line says that all is well', async () => {
    addLetters(1);
    await park(`${deadLetters}-0`);
    expect(await json('status')).toMatchObject({ parked: 1 });
    const { stdout } = await ops('status');
    expect(stdout).toContain('Parked: 1 dead letter, which npm run ops -- dlq list shows.');
    expect(stdout.trimEnd().split('\n').at(-1)).not.toMatch(/parked|dead letter/i);
  });

  test('is not touched by redrive and discard, unless they are told --parked', async () => {
    addLetters(1);
    await park(`${deadLetters}-0`);
    expect(await json('dlq', 'redrive', '--all', '--yes')).toEqual({ moved: 0, failed: 0 });
    expect(bodies(PARKING)).toHaveLength(1);
    expect(await json('dlq', 'redrive', '--parked', '--yes')).toEqual({ moved: 1, failed: 0 });
    expect(bodies(PARKING)).toEqual([]);
    expect(bodies(queue)).toHaveLength(1);
  });

  test('that was parked twice is one, and goes back once', async () => {
    addLetters(1);
    await park(`${deadLetters}-0`);
    parkTwice();
    expect(await json('dlq', 'list')).toMatchObject([{ count: 1 }]);
    expect(await json('dlq', 'unpark', '--id', `${deadLetters}-0`, '--yes')).toEqual({ unparked: 1, failed: 0 });
    expect(bodies(PARKING)).toEqual([]);
    expect(bodies(deadLetters)).toHaveLength(1);
  });

  test('that is still in its dead-letter queue too is one that is not parked yet', async () => {
    addLetters(1);
    await park(`${deadLetters}-0`);
    addLetters(1);
    const rows = (await json('dlq', 'list')) as object[];
    expect(rows).toHaveLength(1);
    expect(rows[0]).not.toHaveProperty('parked');
  });

  test('of the lifecycle feed goes back in the sequence in which it failed', async () => {
    const names = queueNames('shipping');
    const inGroup = (index: number) => ({
      body: JSON.stringify({ data: { orderId: 'o-1' }, index }),
      attributes: {},
      system: { MessageGroupId: 'o-1', SequenceNumber: `${9 + index}` },
    });
    for (const index of [2, 0, 3, 1]) {
      const letter = parkedLetter({ id: `m-${index}`, consumer: 'shipping', letter: inGroup(index) });
      standIn.queues.addBody(PARKING, writeParkedLetter(letter) ?? '');
    }
    expect(await json('dlq', 'unpark', '--consumer', 'shipping', '--yes')).toEqual({ unparked: 4, failed: 0 });
    expect(bodies(names.deadLetters)).toHaveLength(4);
    expect(areInSequence(bodies(names.deadLetters))).toBe(true);
  });

  test('of a consumer that the stack has no more stays, and can be discarded', async () => {
    const letter = parkedLetter({ consumer: 'crm', id: 'm-9' });
    standIn.queues.addBody(PARKING, writeParkedLetter(letter) ?? '');
    const { code, stderr } = await ops('dlq', 'unpark', '--all', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('the stack has no crm any more, so the letter can only be discarded');
    expect(bodies(PARKING)).toHaveLength(1);
  });

  test('is found by the trace of its order', async () => {
    addLetters(1);
    await park(`${deadLetters}-0`);
    expect(await json('trace', 'o-0')).toMatchObject({
      deadLetters: [{ consumer: 'payment', parked: { owner: 'ana' } }],
      next: 'npm run ops -- dlq redrive --parked --order o-0',
    });
  });
});

test('A park that is killed before it deletes loses nothing: run again, the letter is parked once, and goes back once', async () => {
  addLetters(1);
  standIn.holds = (operation) => operation === 'DeleteMessageBatch';
  const killed = new RunningCommand(standIn.endpoint, ['dlq', 'park', '--all', '--owner', 'ana', '--yes']);
  await standIn.holding();
  killed.child.kill('SIGKILL');
  await killed.ended;
  // What is held is as good as never sent.
  standIn.forget();
  standIn.queues.advance(60);
  expect([bodies(deadLetters).length, bodies(PARKING).length]).toEqual([1, 1]);
  expect(await json('dlq', 'park', '--all', '--owner', 'ana', '--yes')).toEqual({ parked: 1, failed: 0 });
  expect([bodies(deadLetters).length, bodies(PARKING).length]).toEqual([0, 2]);
  expect(await json('dlq', 'list')).toMatchObject([{ count: 1, parked: { owner: 'ana' } }]);
  expect(await json('dlq', 'unpark', '--all', '--yes')).toEqual({ unparked: 1, failed: 0 });
  expect([bodies(deadLetters).length, bodies(PARKING).length]).toEqual([1, 0]);
});

describe('Parking', () => {
  test('keeps body, attributes, id and reason in the parking queue', async () => {
    addLetters(1);
    const [body] = bodies(deadLetters);
    await park(`${deadLetters}-0`);
    expect(readParkedLetter(bodies(PARKING)[0] ?? '')).toMatchObject({
      id: `${deadLetters}-0`,
      consumer: 'payment',
      errorType: 'TypeError',
      reason: 'a bug',
      failedAt: '2026-11-21T09:00:00.000Z',
      letter: { body, attributes: { consumer: { StringValue: 'payment' } } },
    });
  });

  test.each([
    [[], 'A parked letter needs an owner'],
    [['--owner', ' '], 'A parked letter needs an owner'],
    [['--owner', 'a'.repeat(101)], 'The owner of a parked letter has at most 100 characters.'],
    [['--owner', 'ana', '--note', 'a'.repeat(1_001)], 'The note of a parked letter has at most 1,000 characters.'],
    [['--owner', 'ana', '--link', 'javascript:alert(1)'], 'must be an address that begins with http:// or https://.'],
    [['--owner', 'ana', '--link', 'https://'], 'must be an address that begins with http:// or https://.'],
  ])('with %j says what is wrong, in one sentence, and calls nobody', async (args, sentence) => {
    const { code, stderr } = await ops('dlq', 'park', '--all', ...args, '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n').length).toBeLessThan(3);
    expect(standIn.calls).toEqual([]);
  });
});
