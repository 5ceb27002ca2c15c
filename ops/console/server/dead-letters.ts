import type { Hono } from 'hono';
import * as v from 'valibot';
import { groupByReason } from '../../dlq/group.ts';
import { groupByOrder } from '../../dlq/group-by-order.ts';
import { readHistory } from '../../dlq/history.ts';
import { loadOrderRecords } from '../../orders/records.ts';
import { action, query } from './actions.ts';
import { type Console, Forbidden } from './console.ts';
import { startCarefulRedrive, startDiscard, startPark, startRedrive, startUnpark } from './letters/actions.ts';
import { PutBackWatch, pastRedriveView } from './letters/became.ts';
import { problemsInEdit } from './letters/check.ts';
import { Letters } from './letters/letters.ts';
import { testFor } from './letters/selection.ts';
import { boardOf, letterView, pageOf, revealedLetter, rowOf } from './letters/views.ts';

const text = (maxLength: number) =>
  v.pipe(v.string('must be text'), v.maxLength(maxLength, `must be at most ${maxLength} characters`));
const id = v.pipe(text(200), v.nonEmpty('must not be empty'));

const selection = {
  all: v.optional(v.literal(true)),
  consumer: v.optional(id),
  errorType: v.optional(text(1_000)),
  reason: v.optional(text(10_000)),
  order: v.optional(text(1_000)),
  like: v.optional(id),
  ids: v.optional(v.array(id)),
};
// A message has at most 1 MiB.
const body = text(1_048_576);

/** Adds what the pages of dead letters read and do. */
export function deadLettersRoutes(app: Hono, console: Console): void {
  const letters = new Letters(console);
  const parts = { console, letters, watch: new PutBackWatch(letters) };
  listing(app, parts);
  showing(app, parts);
  acting(app, parts);
}

type Parts = { console: Console; letters: Letters; watch: PutBackWatch };

function listing(app: Hono, { console, letters }: Parts): void {
  app.get('/api/dead-letters', async (context) => {
    const found = await letters.read();
    const all = [...found.letters, ...found.parked];
    return context.json(context.req.query('by') === 'order' ? groupByOrder(all) : groupByReason(all));
  });
  app.get('/api/dead-letters/board', async (context) => {
    const found = await letters.read({ again: context.req.query('again') !== undefined });
    const by = context.req.query('by') === 'order' ? 'order' : 'reason';
    return context.json(boardOf(found, by, pageNumber(context.req.query('page')), new Date()));
  });
  app.get('/api/dead-letters/letters', async (context) => {
    const { parked, page, ...asked } = context.req.query();
    const found = await letters.read();
    const all = parked === undefined ? found.letters : found.parked;
    const some = all
      .filter(testFor({ ...asked, all: true }, all))
      .sort((one, other) => (one.failedAt < other.failedAt ? -1 : 1));
    const { total, rows } = pageOf(some, pageNumber(page));
    return context.json({ total, rows: rows.map(rowOf) });
  });
  app.get('/api/dead-letters/history', async (context) => {
    const found = await letters.read();
    const past = await readHistory(console.shop, { letters: [...found.letters, ...found.parked] });
    return context.json(past.map(pastRedriveView));
  });
}

function showing(app: Hono, { console, letters, watch }: Parts): void {
  app.get('/api/dead-letters/letter/:consumer/:id', async (context) => {
    const letter = await letters.open(context.req.param('consumer'), context.req.param('id'));
    return context.json(letterView(letter, await letters.read(), console.bodiesShown));
  });
  app.get('/api/dead-letters/became', async (context) => {
    const { shop } = console;
    const order = context.req.query('order');
    const [became, records] = await Promise.all([
      letters.read().then((found) => watch.of(shop, context.req.queries('id') ?? [], found)),
      order === undefined ? undefined : loadOrderRecords(shop, [order]),
    ]);
    const status = order === undefined ? undefined : records?.get(order)?.order?.status;
    return context.json({ letters: became, ...(status === undefined ? {} : { orderStatus: status }) });
  });
  query(app, {
    path: '/api/dead-letters/check',
    body: v.object({ ids: v.pipe(v.array(id), v.minLength(1, 'must name a letter')), body }),
    run: async ({ ids, body: typed }) => problemsInEdit(typed, letters.recall(ids)),
  });
}

function acting(app: Hono, parts: Parts): void {
  const { console, letters } = parts;
  action(app, console, {
    path: '/api/dead-letters/redrive',
    body: v.object({ ...selection, body: v.optional(body), force: v.optional(v.boolean(), false) }),
    logged: ({ body: edited, ...rest }) => ({ ...rest, edited: edited !== undefined }),
    run: ({ body: edited, force, ...which }) =>
      startRedrive(parts, which, edited === undefined ? undefined : { body: edited, force }),
  });
  action(app, console, {
    path: '/api/dead-letters/redrive-carefully',
    body: v.object(selection),
    logged: (which) => which,
    run: (which) => startCarefulRedrive(parts, which),
  });
  action(app, console, {
    path: '/api/dead-letters/discard',
    body: v.object(selection),
    logged: (which) => which,
    run: (which) => startDiscard(parts, which),
  });
  action(app, console, {
    path: '/api/dead-letters/park',
    body: v.object({
      ...selection,
      owner: text(1_000),
      note: v.optional(text(10_000)),
      link: v.optional(text(10_000)),
    }),
    logged: ({ owner: _, note: __, link: ___, ...which }) => which,
    run: ({ owner, note, link, ...which }) => startPark(parts, which, { owner, note, link }),
  });
  action(app, console, {
    path: '/api/dead-letters/unpark',
    body: v.object(selection),
    logged: (which) => which,
    run: (which) => startUnpark(parts, which),
  });
  action(app, console, {
    path: '/api/dead-letters/reveal',
    body: v.object({ consumer: id, id, reason: v.pipe(text(1_000), v.trim(), v.nonEmpty('say why')) }),
    logged: (input) => input,
    async run(input) {
      if (!console.revealAllowed) throw new Forbidden('Personal data is not shown here: --allow-reveal lets it be.');
      return revealedLetter(await letters.open(input.consumer, input.id));
    },
  });
}

const pageNumber = (given: string | undefined): number => Math.max(1, Math.floor(Number(given ?? 1)) || 1);
