import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toArchiveObjects } from '../../lambdas/archive/object.ts';
import { writeParkedLetter } from '../../lambdas/sweep/parked-letter.ts';
import { program } from '../../ops/main.ts';
import { archivedOrderEvents } from '../builders/archived.ts';
import { parkedLetter } from '../builders/parked-letters.ts';
import { type CommandCase, cases, notRun } from './cases.ts';
import { deploy } from './deployed-shop.ts';
import { refusedCalls } from './operator-rights.ts';
import { RunningCommand } from './run.ts';
import { PARKING, queueNames, StandIn } from './stand-in.ts';
import { StandInStack } from './stand-in-stack.ts';

const { deadLetters } = queueNames('payment');
/** AWS is asked for nothing by it. */
const ENGINE_ONLY = ['drill'];

let folder: string;
let stack: StandInStack;
// Synthesising the stack bundles every function first.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commands-'));
  stack = new StandInStack();
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const leavesOf = (command: Command, path: readonly string[] = []): string[] =>
  command.commands.length === 0
    ? [path.join(' ')]
    : command.commands.flatMap((one) => leavesOf(one, [...path, one.name()]));

test('Every command has a case here', () => {
  const known = [...Object.keys(cases).filter((name) => !name.includes('--')), ...notRun];
  expect(known.sort()).toEqual(leavesOf(program).sort());
});

test('docs/operating.md says of every command which policies of operators it needs', async () => {
  const lines = (await readFile('docs/operating.md', 'utf8')).split('\n');
  const rowOf = (output: string) => lines.find((line) => line.startsWith(`| \`${output}\``)) ?? '';
  const needing = Object.entries(cases).filter(([name, { instant }]) => !instant && !ENGINE_ONLY.includes(name));
  for (const [name, { changes }] of needing) {
    const row = rowOf(changes === undefined ? 'OperatorReadPolicyArn' : 'OperatorRepairPolicyArn');
    const [command = ''] = name.split(' --');
    expect(row.includes(`\`${name}\``) || row.includes(`\`${command}\``), name).toBe(true);
  }
});

/** Starts a stand-in of a whole stack, with dead letters and an archive. */
async function startStandIn(): Promise<StandIn> {
  const standIn = await new StandIn().start();
  standIn.queues.add(deadLetters, 24, 'payment');
  standIn.queues.addBody(PARKING, writeParkedLetter(parkedLetter()) ?? '');
  standIn.archived = toArchiveObjects(archivedOrderEvents(20));
  deploy(standIn, stack);
  return standIn;
}

let files = 0;
function argumentsOf(name: string, { args = '', asks }: CommandCase, yes: boolean): string[] {
  files += 1;
  const file = name === 'dlq discard' ? ['--to', join(folder, `discarded-${files}.jsonl`)] : [];
  return [...`${name} ${args}`.trim().split(' '), ...file, ...(asks && yes ? ['--yes'] : [])];
}

/** Counts the calls that changed something; what makes a dead letter visible again does not. */
const changesOf = ({ changes }: StandIn): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(changes, (operation) => operation)]
      .filter(([operation]) => operation !== 'ChangeMessageVisibilityBatch')
      .map(([operation, calls]) => [operation, calls.length]),
  );

describe.concurrent('Where nobody reads its output any more', () => {
  test.for(Object.entries(cases))(
    '%s does all of its work with the policies of operators, and its exit code says so',
    async ([name, one], { expect }) => {
      const standIn = await startStandIn();
      try {
        const { input } = one;
        const command = new RunningCommand(standIn.endpoint, argumentsOf(name, one, true), {
          closed: ['stdout', 'stderr'],
          ...(input === undefined ? {} : { input }),
        });
        expect(await command.ended).toEqual({ code: one.code ?? 0, signal: null });
        expect(changesOf(standIn)).toEqual(one.changes ?? {});
        expect(standIn.queues.inFlight(deadLetters)).toBe(0);
        const refused = (...kinds: ('Read' | 'Repair')[]) => refusedCalls(stack, kinds, standIn.requests);
        if (one.changes === undefined) expect(refused('Read')).toEqual([]);
        else {
          expect(refused('Read')).not.toEqual([]);
          expect(refused('Read', 'Repair')).toEqual([]);
        }
      } finally {
        standIn.stop();
      }
    },
  );
});

describe.concurrent('After Ctrl-C', () => {
  const lasting = Object.entries(cases).filter(([, { instant }]) => !instant);
  test.for(lasting)('%s ends, holds nothing and does not exit as if it were done', async ([name, one], { expect }) => {
    const standIn = await startStandIn();
    const { interruptAt, input } = one;
    standIn.holds = (operation) =>
      interruptAt === undefined ? operation !== 'DescribeStacks' : operation === interruptAt;
    try {
      const command = new RunningCommand(
        standIn.endpoint,
        argumentsOf(name, one, true),
        input === undefined ? {} : { input },
      );
      await Promise.race([standIn.holding(), command.ended]);
      command.child.kill('SIGINT');
      await Promise.race([command.ended, command.says(/Ctrl-C again leaves at once/)]);
      standIn.release();
      const { code, signal } = await command.ended;
      expect(standIn.queues.inFlight(deadLetters)).toBe(0);
      if (one.endless) expect(code).toBe(0);
      else expect(signal === 'SIGINT' || code === 130, `${code} ${signal} ${command.stderr}`).toBe(true);
    } finally {
      standIn.stop();
    }
  });
});

describe.concurrent('Without a terminal', () => {
  const asking = Object.entries(cases).filter(([, { asks }]) => asks);
  test.for(asking)('%s changes nothing unless it is told --yes', async ([name, one], { expect }) => {
    const standIn = await startStandIn();
    try {
      const command = new RunningCommand(standIn.endpoint, argumentsOf(name, one, false));
      expect(await command.ended).toEqual({ code: 1, signal: null });
      expect(command.stderr).toContain('There is no terminal to ask: say so with --yes.');
      expect(changesOf(standIn)).toEqual({});
      expect(standIn.queues.inFlight(deadLetters)).toBe(0);
    } finally {
      standIn.stop();
    }
  });
});
