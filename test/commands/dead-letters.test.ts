import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { areInSequence } from './letter-queues.ts';
import { type Options, RunningCommand } from './run.ts';
import { queueNames, StandIn } from './stand-in.ts';

let standIn: StandIn;
beforeEach(async () => {
  standIn = await new StandIn().start();
});
afterEach(() => standIn.stop());

const ops = (line: string, options?: Options) => new RunningCommand(standIn.endpoint, line.split(' '), options);
const left = (consumer: string) => standIn.queues.bodies(queueNames(consumer).deadLetters);
const moved = (consumer: string) => standIn.queues.bodies(queueNames(consumer).queue);
const addLetters = (consumer: string, count: number, group?: string) =>
  standIn.queues.add(queueNames(consumer).deadLetters, count, consumer, group);

describe('A redrive of `shipping` that was killed', () => {
  const kill = async () => {
    addLetters('shipping', 42, 'o-1');
    standIn.holds = (operation, before) => operation === 'SendMessageBatch' && before === 3;
    const killed = ops('dlq redrive --consumer shipping --yes');
    await standIn.holding();
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    standIn.release();
    expect(standIn.queues.inFlight(queueNames('shipping').deadLetters)).toBeGreaterThan(0);
  };

  test.each(['redrive', 'discard'])('is waited for by %s, which then takes every one that is left', async (name) => {
    await kill();
    const folder = await mkdtemp(join(tmpdir(), 'discarded-'));
    const file = join(folder, 'letters.jsonl');
    const before = left('shipping').length;
    const again = ops(`dlq ${name} --consumer shipping --yes --json${name === 'discard' ? ` --to ${file}` : ''}`);
    await again.says(/shipping: waiting for \d+ dead letters? in flight, up to 55 s/);
    standIn.queues.advance(55);
    expect(await again.ended, again.stderr).toEqual({ code: 0, signal: null });
    expect(JSON.parse(again.stdout)).toMatchObject({ [name === 'redrive' ? 'moved' : 'discarded']: before, failed: 0 });
    expect(left('shipping')).toEqual([]);
    if (name === 'discard') expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(before);
    else expect(moved('shipping')).toHaveLength(42);
    expect(areInSequence(moved('shipping'))).toBe(true);
  });
});

describe('A redrive whose output nobody reads any more', () => {
  test.each([[['stderr']], [['stdout']], [['stdout', 'stderr']]] as const)(
    'moves every dead letter all the same (%j)',
    async (closed) => {
      addLetters('payment', 60);
      const command = ops('dlq redrive --all --yes --rate 10000', { closed });
      expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null });
      expect(left('payment')).toEqual([]);
      expect(moved('payment')).toHaveLength(60);
    },
  );

  test('releases what it received, and exits non-zero, after Ctrl-C', async () => {
    addLetters('payment', 60);
    standIn.holds = (operation, before) => operation === 'SendMessageBatch' && before === 2;
    const command = ops('dlq redrive --all --yes', { closed: ['stdout', 'stderr'] });
    await standIn.holding();
    command.child.kill('SIGINT');
    standIn.release();
    expect(await command.ended).toEqual({ code: 130, signal: null });
    // The answer may reach the command before the signal does.
    expect(moved('payment').length).toBeLessThan(60);
    expect(moved('payment').length + left('payment').length).toBe(60);
    expect(standIn.queues.inFlight(queueNames('payment').deadLetters)).toBe(0);
  });

  test('lists and releases quietly', async () => {
    addLetters('payment', 60);
    const command = ops('dlq list', { closed: ['stdout', 'stderr'] });
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(standIn.queues.inFlight(queueNames('payment').deadLetters)).toBe(0);
  });
});

describe('Dead letters of one order', () => {
  test('are counted the same in the question and in the result, those that nobody has read included', async () => {
    addLetters('shipping', 42, 'o-1');
    const asked = ops('dlq redrive --consumer shipping');
    expect((await asked.ended).code).toBe(1);
    expect(asked.stderr).toContain(
      'Put 42 dead letters (shipping 42, of which 32 stand behind others of their order and were not read) back? There is no terminal to ask: say so with --yes.',
    );
    expect(standIn.changes.filter((name) => name !== 'ChangeMessageVisibilityBatch')).toEqual([]);
    const done = ops('dlq redrive --consumer shipping --yes');
    expect(await done.ended).toEqual({ code: 0, signal: null });
    expect(done.stdout).toBe('42 of 42 dead letters put back.\n');
    expect(areInSequence(moved('shipping'))).toBe(true);
  });

  test('that were not read may be the one that is asked for: none is called unknown', async () => {
    addLetters('shipping', 42, 'o-1');
    const command = ops('dlq redrive --id shipping-dead-letters.fifo-30 --yes --json');
    expect((await command.ended).code).toBe(1);
    expect(command.stderr).toContain('32 dead letters that may be meant were not read, behind others');
    expect(JSON.parse(command.stdout)).toEqual({ moved: 0, failed: 0, unread: 32 });
  });

  test('there are none, and that is a success', async () => {
    const command = ops('dlq redrive --all --yes');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stdout).toBe('There are no such dead letters.\n');
  });
});

test('An edit that changes nothing moves nothing, and is no success', async () => {
  addLetters('payment', 2);
  const command = ops('dlq redrive --all --yes --edit --json', { env: { EDITOR: 'true', VISUAL: '' } });
  expect((await command.ended).code).toBe(1);
  expect(command.stderr).toContain('No body was changed, so nothing was moved');
  expect(JSON.parse(command.stdout)).toMatchObject({ moved: 0 });
  expect(left('payment')).toHaveLength(2);
});
