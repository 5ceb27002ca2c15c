import type { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { note, phase } from '../progress.ts';
import { agreed } from './ask.ts';
import { carry, DISCARDED, MOVED, type Verb } from './carry.ts';
import { defaultFile, discard } from './discard.ts';
import { edited, editorIn, problemsOf } from './edit.ts';
import { open, selecting } from './options.ts';
import { outgoing, withBody } from './outgoing.ts';
import { type Plan, planFor } from './plan.ts';
import type { Outgoing } from './queue.ts';
import { redrive } from './redrive.ts';
import { checkSelectors, type Selectors, selected } from './select.ts';

type Options = ShopOptions & Selectors & { yes?: boolean };
type RedriveOptions = Options & { rate: number; edit?: boolean; force?: boolean };

/** `ops dlq redrive` */
export function redriveCommand(): Command {
  return choosing(
    shopCommand(
      'redrive',
      'Put dead letters back into the one queue they failed in; what was interrupted can be run again.',
      'dlq redrive --consumer payment --yes',
      'dlq redrive --reason "quantity: must be at least 1" --rate 20',
      'dlq redrive --id 5fea7756-0ea4-451a-a703-a558b933e274 --edit',
    ),
  )
    .option('--rate <n>', 'how many a second, at most', wholeNumber(1, 10_000), 100)
    .option(
      '--edit',
      'open each body in your editor first, and put back those you changed; the original is kept as an attribute',
    )
    .option('--force', 'with --edit: send a body that breaks the contract')
    .action(async ({ json, yes, rate, edit, force, ...options }: RedriveOptions) => {
      checkSelectors(options, true);
      const editor = edit ? editorIn(process.env) : undefined;
      const began = Date.now();
      const found = await planned(options);
      if (isNothing(found, json, MOVED)) return;
      const bodies = editor === undefined ? undefined : await mended(found, editor, force);
      if (bodies?.size === 0) {
        const result = { moved: 0, failed: 0, unchanged: true };
        return print(json, result, () => 'No body was changed, so nothing was moved: leave out --edit for that.');
      }
      const plan = bodies === undefined ? found : editedOnly(found, bodies);
      const selects = bodies === undefined ? selected(options) : ({ id }: { id: string }) => bodies.has(id);
      if (!(await agreed(`Put ${said(plan)} back?`, yes))) return stopped(json, MOVED);
      await carry(plan, json, MOVED, (signal, onMoved) =>
        redrive(plan, { rate, began, selects, signal, onMoved, ...(bodies ? { change: withEdits(bodies) } : {}) }),
      );
    });
}

/** `ops dlq discard` */
export function discardCommand(): Command {
  return choosing(
    shopCommand(
      'discard',
      'Delete dead letters for good, after writing them to a file that you alone can read.',
      'dlq discard --consumer stock --reason ContractError --to stock.jsonl',
    ),
  )
    .option('--to <file>', 'the file, which must not exist yet (by default one in this folder, named after the time)')
    .action(async ({ json, yes, to, ...options }: Options & { to?: string }) => {
      checkSelectors(options, true);
      const began = Date.now();
      const plan = await planned(options);
      if (isNothing(plan, json, DISCARDED)) return;
      if (!(await agreed(`Discard ${said(plan)} for good?`, yes))) return stopped(json, DISCARDED);
      const file = to ?? defaultFile(new Date());
      note(`They are kept in ${file}, with everything personal in them.`);
      await carry(
        plan,
        json,
        DISCARDED,
        (signal, onMoved) => discard(plan, file, { began, selects: selected(options), signal, onMoved }),
        { file },
      );
    });
}

function choosing(command: Command): Command {
  return selecting(command.option('--all', 'every dead letter of every consumer')).option('--yes', 'do not ask first');
}

async function planned(options: ShopOptions & Selectors): Promise<Plan> {
  const queues = await open(options);
  const selects = selected(options);
  const until = options.id === undefined ? undefined : selects;
  return interruptible('Interrupted: giving the letters back.', (signal) =>
    phase('looking at the dead letters', () => planFor(queues, selects, { signal, patient: true, until })),
  );
}

function isNothing(plan: Plan, json: boolean | undefined, verb: Verb): boolean {
  if (plan.length > 0) return false;
  print(json, { [verb.count]: 0, failed: 0 }, () => 'There are no such dead letters.');
  return true;
}

function stopped(json: boolean | undefined, verb: Verb): void {
  print(json, { [verb.count]: 0, failed: 0 }, () => 'Nothing was touched.');
}

/** `12 dead letters (payment 10, stock 2)` */
function said(plan: Plan): string {
  const count = plan.reduce((sum, { letters }) => sum + letters.length, 0);
  const parts = plan.map(({ queue, letters }) => `${queue.consumer} ${letters.length}`);
  return `${count} dead ${count === 1 ? 'letter' : 'letters'} (${parts.join(', ')})`;
}

/** Has the planned letters edited, one after the other, and checks each; gives the new bodies of those that were changed. */
async function mended(plan: Plan, editor: string, force: boolean | undefined): Promise<Map<string, string>> {
  const bodies = new Map<string, string>();
  for (const letter of plan.flatMap(({ letters }) => letters)) {
    const body = await edited(outgoing(letter).body, editor);
    if (body === undefined) continue;
    const problems = problemsOf(letter.consumer, body);
    if (problems.length > 0 && !force) {
      throw new Error(
        `${letter.consumer} would refuse the edited body of ${letter.id}: ${problems.join('; ')}. Nothing was moved; --force sends it all the same.`,
      );
    }
    // Says at once, and not after the question, that it does not fit.
    withBody(outgoing(letter), body);
    bodies.set(letter.id, body);
  }
  return bodies;
}

/** The part of a plan whose letters were edited. */
const editedOnly = (plan: Plan, bodies: ReadonlyMap<string, string>): Plan =>
  plan
    .map(({ queue, letters }) => ({ queue, letters: letters.filter(({ id }) => bodies.has(id)) }))
    .filter(({ letters }) => letters.length > 0);

const withEdits = (bodies: ReadonlyMap<string, string>) => (message: Outgoing) => {
  const body = bodies.get(message.id);
  return body === undefined ? message : withBody(message, body);
};
