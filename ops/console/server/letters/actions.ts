import { resolve } from 'node:path';
import { type CarefulResult, redriveCarefully } from '../../../dlq/careful.ts';
import { type DeadLetter, messageKeyOf } from '../../../dlq/dead-letter.ts';
import { defaultFile, discard } from '../../../dlq/discard.ts';
import { editBodies } from '../../../dlq/edit-bodies.ts';
import { describePlan } from '../../../dlq/outcome.ts';
import { parkPlan, unparkLetters } from '../../../dlq/park.ts';
import { checkParkingNote, type ParkingNote } from '../../../dlq/parked.ts';
import { countUnread, type ExecuteOptions, type Plan, type PlanResult, sizeOf } from '../../../dlq/plan.ts';
import { putBack } from '../../../dlq/put-back.ts';
import { nameOf } from '../../../dlq/queue.ts';
import type { SentLetter } from '../../../dlq/redrive.ts';
import { plural } from '../../../format.ts';
import { pauseNotices } from '../../../pause/paused-consumers.ts';
import type { ActionResult, Selection } from '../../api/dead-letters.ts';
import type { JobKind, JobView } from '../../api/live.ts';
import { type Console, NotFound } from '../console.ts';
import type { Job } from '../jobs.ts';
import type { PutBackWatch } from './became.ts';
import { editedEvent, problemsInEdit } from './check.ts';
import { type Letters, PARKED } from './letters.ts';
import { testFor, unreadMeantBy } from './selection.ts';

/** What an operation on letters works with. */
type Context = Pick<ExecuteOptions, 'signal' | 'notify' | 'onProgress'>;
type Parts = { console: Console; letters: Letters; watch: PutBackWatch };

// As `dlq redrive` without --rate.
const RATE = 100;

/** Puts letters back into the queues they failed in; with an edit, that of one message and no other. Throws what is wrong with the edit. */
export async function startRedrive(
  parts: Parts,
  selection: Selection,
  edit?: { body: string; force: boolean },
): Promise<JobView> {
  const plan = await parts.letters.plan(selection);
  const editedBodies = edit === undefined ? undefined : await bodiesFor(plan, edit);
  return startOnPlan(parts, { kind: 'redrive', title: 'Redrive', plan, selection }, async (options) => {
    const { shop } = parts.console;
    for (const notice of await pauseNotices(shop, consumersOf(plan))) options.notify?.(notice);
    const sent: SentLetter[] = [];
    const since = Date.now();
    const result = await putBack(shop, plan, {
      ...{ rate: RATE, editedBodies, ...options },
      onSent: (some) => void sent.push(...some),
    });
    parts.watch.begin(shop, plan, sent, since);
    return result;
  });
}

/** Puts letters back ten at a time, and stops by itself where some of them fail again. */
export async function startCarefulRedrive(parts: Parts, selection: Selection): Promise<JobView> {
  const plan = await parts.letters.plan(selection);
  const what: OnPlan = { kind: 'redrive-carefully', title: 'Redrive carefully', plan, selection };
  return startOnPlan(parts, what, ({ onProgress: _, ...options }, job) =>
    redriveCarefully(parts.console.shop, plan, {
      ...{ rate: RATE, ...options },
      onProgress: ({ moved, total, done, failedAgain, undecided }) =>
        job.progress({
          ...{ done: moved, total },
          text: `${moved} put back: ${done} handled, ${failedAgain} failed again, ${undecided} undecided`,
        }),
    }),
  );
}

async function bodiesFor(plan: Plan, { body, force }: { body: string; force: boolean }) {
  const letters = lettersOf(plan);
  if (new Set(letters.map(messageKeyOf)).size > 1) throw new Error('An edited body is that of one message.');
  const problems = problemsInEdit(body, letters);
  if (problems.length > 0 && !force) {
    const sentences = problems.map(({ path, problem }) => (path === undefined ? problem : `${path}: ${problem}`));
    throw new Error(`Nothing was moved, because the body would be refused: ${sentences.join('; ')}`);
  }
  const edited = await editBodies(plan, async (event) => editedEvent(body, event), { force });
  // What was not changed is put back as it is.
  return edited.size === 0 ? undefined : edited;
}

/** Deletes letters for good, each once it is in a file that its owner alone can read. */
export async function startDiscard(parts: Parts, selection: Selection): Promise<JobView> {
  const plan = await parts.letters.plan(selection);
  const file = resolve(defaultFile(new Date()));
  return startOnPlan(parts, { kind: 'discard', title: 'Discard', plan, selection, file }, (options) =>
    discard(plan, file, options),
  );
}

/** Moves letters to the parking queue. */
export async function startPark(parts: Parts, selection: Selection, note: ParkingNote): Promise<JobView> {
  checkParkingNote(note);
  const plan = await parts.letters.plan(selection);
  return startOnPlan(parts, { kind: 'park', title: 'Park', plan, selection, names: [PARKED] }, (options) =>
    parkPlan(parts.console.shop, plan, note, options),
  );
}

/** Moves parked letters back to the dead-letter queues they came from. */
export async function startUnpark(parts: Parts, selection: Selection): Promise<JobView> {
  const { parked } = await parts.letters.read();
  const chosen = parked.filter(testFor(selection, parked));
  if (chosen.length === 0) throw new NotFound('There is no such parked letter any more.');
  const ids = new Set(chosen.map(({ id }) => id));
  const title = `Unpark ${plural(chosen.length, 'dead letter')}`;
  const names = [PARKED, ...new Set(chosen.map(({ consumer }) => consumer))];
  return startJob(parts, { kind: 'unpark', title, total: ids.size, names }, (options) =>
    unparkLetters(parts.console.shop, { ids }, withoutUndefined(options)),
  );
}

type Result = PlanResult & Partial<CarefulResult>;
type OnPlan = { kind: JobKind; title: string; plan: Plan; selection: Selection; names?: string[]; file?: string };

function startOnPlan(
  parts: Parts,
  { kind, title, plan, selection, names = [], file }: OnPlan,
  run: (options: ExecuteOptions, job: Job) => Promise<Result>,
): JobView {
  const unread = unreadMeantBy(selection);
  const total = sizeOf(plan) + countUnread(plan, unread);
  const options = { startedAt: Date.now(), unread, selects: testFor(selection, lettersOf(plan)) };
  const about = {
    kind,
    title: `${title} ${describePlan(plan, unread)}`,
    total,
    names: [...plan.map(({ queue }) => nameOf(queue)), ...names],
  };
  return startJob(parts, file === undefined ? about : { ...about, file }, (context, job) =>
    run({ ...options, ...context }, job),
  );
}

type About = { kind: JobKind; title: string; total: number; names: string[]; file?: string };

function startJob(
  { console, letters }: Parts,
  { kind, title, total, names, file }: About,
  run: (context: Context, job: Job) => Promise<Result>,
): JobView {
  return console.jobs.start({ kind, title }, async (job) => {
    let done = 0;
    job.progress({ total });
    const context: Context = {
      signal: job.signal,
      notify: (text) => job.progress({ text }),
      onProgress(count) {
        done += count;
        // Behind those that were counted more may come into sight.
        job.progress({ done, total: Math.max(done, total) });
      },
    };
    const result = await letters.exclusively(names, () => run(context, job));
    await console.live.refresh();
    return resultOf(result, file);
  });
}

function resultOf(
  { moved, total, failed, failedAgain = [], undecided = [], missing, unread, stopped }: Result,
  file: string | undefined,
): ActionResult {
  const notDone = [...failedAgain, ...undecided].map(({ reason, ...letter }) => ({
    ...letter,
    why: reason,
    gone: true as const,
  }));
  return {
    ...{ moved, total, missing, unread, failures: [...failed, ...notDone] },
    ...(file === undefined ? {} : { file }),
    ...(stopped === undefined ? {} : { stopped }),
  };
}

const lettersOf = (plan: Plan): DeadLetter[] => plan.flatMap(({ deadLetters }) => deadLetters);
const consumersOf = (plan: Plan): string[] => plan.map(({ queue }) => queue.consumer);

const withoutUndefined = ({ signal, notify = () => {}, onProgress = () => {} }: Context) => ({
  signal,
  notify,
  onProgress,
});
