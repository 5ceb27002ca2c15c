import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { toArchiveObjects } from '../../lambdas/archive/object.ts';
import { displayWidth } from '../../ops/display-width.ts';
import { showEverything } from '../../ops/layout.ts';
import { program } from '../../ops/main.ts';
import { reportFatalError } from '../../ops/output.ts';
import { archivedOrderEvents } from '../builders/archived.ts';
import { type CommandCase, cases, notRun } from './cases.ts';
import { crowd, LONG_ID } from './crowded-shop.ts';
import { RunningCommand } from './run.ts';
import { PARTNER, StandIn } from './stand-in.ts';

const WIDTHS = [80, 100, 120];

// What a command prints does not depend on how long it waits.
vi.mock('node:timers/promises', async (original) => {
  const timers = await original<typeof import('node:timers/promises')>();
  return { ...timers, setTimeout: (_: number, ...rest: []) => timers.setTimeout(1, ...rest) };
});

/** What a command shows more of in a shop that is full. */
const LONG_ARGUMENTS: Readonly<Record<string, string>> = {
  trace: LONG_ID,
  'dlq list': '--by order',
  explain: 'shop.order.placed.v1',
};

let standIn: StandIn;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'widths-'));
  standIn = await new StandIn().start();
  standIn.archived = toArchiveObjects(archivedOrderEvents(20));
  crowd(standIn);
  vi.stubEnv('AWS_ENDPOINT_URL', standIn.endpoint);
  vi.stubEnv('AWS_REGION', 'us-east-1');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  showEverything(false);
  process.exitCode = undefined;
  standIn.stop();
});

/** Runs a command in this process, which is quicker than one of its own; returns what it printed. */
async function run(args: readonly string[]): Promise<string> {
  let printed = '';
  const collect = (text: unknown) => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(collect);
  vi.spyOn(process.stderr, 'write').mockImplementation(collect);
  vi.spyOn(console, 'error').mockImplementation((text) => collect(`${text}\n`));
  await program.parseAsync(args, { from: 'user' }).catch(reportFatalError);
  vi.restoreAllMocks();
  return printed;
}

const tooWide = (printed: string, width: number) => printed.split('\n').filter((line) => displayWidth(line) > width);

async function argumentsOf(name: string, { args = '', input, asks }: CommandCase): Promise<string[]> {
  const file = join(folder, 'input');
  if (input !== undefined) await writeFile(file, input);
  const words = `${name} ${LONG_ARGUMENTS[name] ?? args}`.trim().split(' ');
  const kept = name === 'dlq discard' ? ['--to', join(folder, 'discarded.jsonl')] : [];
  return [...words.map((word) => (word === '-' ? file : word)), ...kept, ...(asks ? ['--yes'] : [])];
}

// The console waits for its page, and prints a link, which is whole; the text for Prometheus is no table.
const WHOLE = ['console', 'metrics'];
const ending = Object.entries(cases).filter(([name, { endless }]) => !endless && !WHOLE.includes(name));
const endless = Object.keys(cases).filter((name) => cases[name]?.endless);

describe.each(WIDTHS)('At %i columns, in a shop of long ids and Korean reasons', (width) => {
  beforeEach(() => {
    vi.stubEnv('COLUMNS', String(width));
  });

  test.each(ending)('%s prints no line that is wider', async (name, one) => {
    const printed = await run(await argumentsOf(name, one));
    expect(printed).not.toBe('');
    expect(tooWide(printed, width)).toEqual([]);
  });

  test.each(endless)('%s prints no line that is wider', async (name) => {
    const command = new RunningCommand(standIn.endpoint, name.split(' '), { env: { COLUMNS: String(width) } });
    while (!/\n.*\n.*\n/.test(command.stdout)) await new Promise((resume) => setTimeout(resume, 50));
    command.child.kill('SIGINT');
    await command.ended;
    expect(tooWide(command.stdout, width)).toEqual([]);
  });
});

const allOf = (command: Command, path: readonly string[] = []): string[][] => [
  [...path],
  ...command.commands.flatMap((one) => allOf(one, [...path, one.name()])),
];

describe.each(WIDTHS)('At %i columns', (width) => {
  test.each(allOf(program).map((path) => [path.join(' '), path] as const))('the help of ops %s fits', (_, path) => {
    vi.stubEnv('COLUMNS', String(width));
    let help = '';
    const found = path.reduce<Command>((one, name) => one.commands.find((it) => it.name() === name) ?? one, program);
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      help += String(text);
      return true;
    });
    found.outputHelp();
    vi.restoreAllMocks();
    expect(help).toMatch(/^Usage:/);
    expect(tooWide(help, width)).toEqual([]);
  });
});

test('A partner has its rows beside the consumers, whose commands do not stop it', async () => {
  vi.stubEnv('COLUMNS', '80');
  expect(await run(['status', '--wide'])).toMatch(new RegExp(`^✗ +${PARTNER} .* partner, dead letters$`, 'm'));
  expect(await run(['dlq', 'list', '--consumer', PARTNER, '--wide'])).toContain(PARTNER);
  expect(await run(['explain', 'shop.order.placed.v1'])).toContain(`└─ ${PARTNER} `);
  expect(await run(['pause', PARTNER, '--reason', 'x'])).toContain('whose own service reads its');
  expect(standIn.changes).not.toContain('TagQueue');
});

test('Every command is run here, or what it says is laid out in a test of its own', () => {
  const leaves = allOf(program).filter(
    (path) =>
      !allOf(program).some((other) => other.length > path.length && other.join(' ').startsWith(`${path.join(' ')} `)),
  );
  const names = leaves.map((path) => path.join(' ')).filter((name) => name !== '');
  const known = [...Object.keys(cases), ...notRun];
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
});

test('In a pipe, and with --wide, values are whole and times absolute', async () => {
  vi.stubEnv('COLUMNS', '');
  const piped = await run(['trace', LONG_ID]);
  expect(piped).toContain(`${LONG_ID}: PLACED`);
  expect(piped).toContain('2026-11-21T09:00:00.000Z');
  vi.stubEnv('COLUMNS', '80');
  expect(await run(['trace', LONG_ID, '--wide'])).toBe(piped);
  expect(await run(['trace', LONG_ID])).toContain('Shortened to 80 columns: --wide shows all.');
});

test('A report says which stack it is about, where that is, and the time zone, in one line; its JSON does not', async () => {
  vi.stubEnv('COLUMNS', '80');
  const header = `ShopMessaging at ${standIn.endpoint}; times in UTC`;
  for (const name of [
    'status',
    'dlq list',
    'dlq show',
    'alarm list',
    'stock show',
    'audit',
    'sandbox payment records',
  ]) {
    const printed = await run(name.split(' '));
    expect(printed.split('\n'), name).toContain(header);
  }
  expect(await run(['stock', 'show', '--json'])).not.toContain(header);
});
