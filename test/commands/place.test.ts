import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunningCommand } from './run.ts';
import { StandIn } from './stand-in.ts';

let standIn: StandIn;
beforeEach(async () => {
  standIn = await new StandIn().start();
});
afterEach(() => standIn.stop());

test('`place --count` that is interrupted says how many went, which, and how to go on', async () => {
  standIn.holds = (operation, before) => operation === 'PublishBatch' && before >= 7;
  const command = new RunningCommand(standIn.endpoint, ['place', '--count', '200', '--json']);
  await standIn.holding();
  command.child.kill('SIGINT');
  await command.says(/Interrupted: waiting for the calls under way/);
  standIn.release();
  expect(await command.ended).toEqual({ code: 130, signal: null });
  const { published, orderIds, failed } = JSON.parse(command.stdout);
  expect(published).toBe(10 * standIn.changes.length);
  expect(published).toBeLessThan(200);
  expect(new Set(orderIds).size).toBe(published);
  expect(failed).toEqual([]);
  expect(command.stderr).toContain(`published ${published} of 200 at ${standIn.endpoint}`);
  expect(command.stderr).toContain(`--count ${200 - published} publishes the rest.`);
});

test('`place` whose topic is gone in the middle says how many went', async () => {
  standIn.holds = (operation, before) => operation === 'PublishBatch' && before >= 7;
  const command = new RunningCommand(standIn.endpoint, ['place', '--count', '200', '--json']);
  await standIn.holding();
  standIn.stop();
  expect(await command.ended).toEqual({ code: 1, signal: null });
  const { published, orderIds } = JSON.parse(command.stdout);
  expect(published).toBeGreaterThan(0);
  expect(published).toBeLessThan(200);
  expect(orderIds).toHaveLength(published);
  expect(command.stderr).toMatch(/The engine stopped answering/);
});

test('`place` sends nothing of a file in Latin-1', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'place-')), 'order.json');
  await writeFile(file, Buffer.from('{"note":"Caf\u00e9"}', 'latin1'));
  const command = new RunningCommand(standIn.endpoint, ['place', file, '--unchecked']);
  expect(await command.ended).toEqual({ code: 1, signal: null });
  expect(command.stderr).toBe(`${file} is not UTF-8: the byte 0xE9 at offset 12 (line 1) is none; save it as UTF-8.\n`);
  expect(standIn.calls).toEqual([]);
});

test.each([
  ['no JSON', ''],
  ['{"orderId":"o-1001","items":[]}', 'o-1001\n'],
])('`place - --unchecked` of %s prints the id that trace finds it by, or no line', async (input, stdout) => {
  const command = new RunningCommand(standIn.endpoint, ['place', '-', '--unchecked'], { input });
  expect(await command.ended).toEqual({ code: 0, signal: null });
  expect(command.stdout).toBe(stdout);
  expect(command.stderr).toContain('published 1 of 1');
});
