import type { Hono } from 'hono';
import * as v from 'valibot';
import { constructIdOf } from '../../../infra/names.ts';
import { routing } from '../../../infra/routing.ts';
import { findPartnerQueues } from '../../consumers.ts';
import { plural } from '../../format.ts';
import { readPartners } from '../../partner-settings.ts';
import { assertPast, planReplay, REPLAY_RATE, runPlan } from '../../replay/plan.ts';
import type { ReplayProgress } from '../../replay/replay.ts';
import { selectionFor } from '../../replay/select.ts';
import type { DeployedShop } from '../../stack.ts';
import { parseTime } from '../../time.ts';
import type { ReplayAsk, ReplayDetail, ReplayTarget } from '../api/replay.ts';
import { action, query } from './actions.ts';
import type { Console } from './console.ts';
import type { Job } from './jobs.ts';

const text = v.pipe(v.string(), v.nonEmpty('must be given'), v.maxLength(256, 'is too long'));
const asked = {
  to: text,
  from: text,
  until: text,
  types: v.optional(v.pipe(v.array(text), v.maxLength(100))),
  order: v.optional(text),
};
const replayBody = v.object({
  ...asked,
  withEffects: v.optional(v.boolean(), false),
  /** What a count has found, for the progress. */
  expected: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

/** Adds what the page `replay` chooses from, counts and sends. */
export function replayRoutes(app: Hono, console: Console): void {
  app.get('/api/replay/targets', async (context) => context.json(await targetsOf(console.shop)));
  query(app, {
    path: '/api/replay/count',
    body: v.object(asked),
    run: (input) => startReplay(console, askOf(input), { dryRun: true, withEffects: false }),
  });
  action(app, console, {
    path: '/api/replay',
    body: replayBody,
    logged: (input) => input,
    run: ({ withEffects, expected, ...input }) =>
      startReplay(console, askOf(input), { dryRun: false, withEffects, expected }),
  });
}

const askOf = ({ types, order, ...rest }: v.InferOutput<v.ObjectSchema<typeof asked, undefined>>): ReplayAsk => ({
  ...rest,
  ...(types === undefined ? {} : { types }),
  ...(order === undefined ? {} : { order }),
});

/** Lists the consumers and partners that are deployed, with the events that each gets. */
async function targetsOf(shop: DeployedShop): Promise<ReplayTarget[]> {
  const partners = findPartnerQueues(shop.outputs).length > 0 ? await readPartners(shop) : {};
  const typesOf = (name: string) => [
    ...new Set(selectionFor(name, {}, partners).contracts.map(({ type }): string => type)),
  ];
  const consumers = Object.keys(routing).filter((name) => shop.outputs[`${constructIdOf(name)}QueueUrl`] !== undefined);
  return [
    ...consumers.map((name) => ({ name, kind: 'consumer' as const, types: typesOf(name) })),
    ...Object.keys(partners).map((name) => ({ name, kind: 'partner' as const, types: typesOf(name) })),
  ];
}

type How = { dryRun: boolean; withEffects: boolean; expected?: number | undefined };

/** Checks what was asked for, then counts or sends in the background. */
async function startReplay({ shop, jobs }: Console, ask: ReplayAsk, { dryRun, withEffects, expected }: How) {
  const now = new Date();
  const span = { from: parseTime(ask.from, now), until: parseTime(ask.until, now) };
  assertPast(span, now);
  const { to, types, order: orderId } = ask;
  const plan = await planReplay(shop, { to, types, orderId, withEffects });
  const kind = dryRun ? 'replay-count' : 'replay';
  const title = dryRun ? `Count for ${plan.to}` : `Replay to ${plan.to}`;
  return jobs.start({ kind, title }, (job) => {
    const start = { read: 0, selected: 0, sent: 0, resumeFrom: span.from.toISOString() };
    const report = reporter(job, { asked: ask, withEffects }, { dryRun, expected });
    report(start);
    return runPlan(shop, plan, { ...span, dryRun, rate: REPLAY_RATE, signal: job.signal, onProgress: report });
  });
}

const reporter =
  (job: Job, about: Pick<ReplayDetail, 'asked' | 'withEffects'>, { dryRun, expected }: Omit<How, 'withEffects'>) =>
  (progress: ReplayProgress): void => {
    const { read, selected, sent, resumeFrom } = progress;
    const done = dryRun ? `${selected} would be sent` : `${sent} sent`;
    const detail: ReplayDetail = { ...about, ...progress };
    job.progress({
      done: dryRun ? read : sent,
      total: expected === undefined ? null : Math.max(expected, sent),
      text: `${plural(read, 'event')} read, up to ${resumeFrom.slice(0, 19)}Z: ${done}`,
      detail,
    });
  };
