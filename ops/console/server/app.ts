import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as v from 'valibot';
import { type Access, onlyFromHere, onlyWithLink, pageHeaders } from './access.ts';
import { action, answerError } from './actions.ts';
import { auditRoutes } from './audit.ts';
import type { Assets } from './bundle.ts';
import { type Console, NotFound } from './console.ts';
import { deadLettersRoutes } from './dead-letters.ts';
import { factsOf } from './facts.ts';
import { mapRoutes } from './map.ts';
import { ordersRoutes } from './orders.ts';
import { pageHtml } from './page.ts';
import { replayRoutes } from './replay.ts';
import { trafficRoutes } from './traffic.ts';

const READ_ONLY = 'This console only looks: start it with --allow-actions to change anything.';

/** Builds the server of one console: its page, what the page reads, and what it can do. */
export function consoleApp(console: Console, access: Access, assets: () => Promise<Assets>): Hono {
  const app = new Hono();
  app.onError(answerError);
  app.use(onlyFromHere(access), onlyWithLink(access));
  app.use('/api/*', async (context, next) => {
    context.header('Cache-Control', 'no-store');
    if (context.req.method === 'POST' && !console.actionsAllowed) return context.json({ error: READ_ONLY }, 403);
    return next();
  });
  liveRoutes(app, console);
  for (const add of [mapRoutes, ordersRoutes, deadLettersRoutes, trafficRoutes, replayRoutes, auditRoutes]) {
    add(app, console);
  }
  app.all('/api/*', () => {
    throw new NotFound('There is nothing at this address.');
  });
  app.get('/assets/:name', async (context) => {
    const { script, style } = await assets();
    const [body, type] =
      context.req.param('name') === 'console.css' ? [style, 'text/css'] : [script, 'text/javascript'];
    return context.body(body, 200, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' });
  });
  app.get('*', (context, next) => {
    const nonce = randomBytes(16).toString('base64');
    context.header('Cache-Control', 'no-store');
    return pageHeaders(nonce)(context, async () => {
      await next();
      context.res = context.html(pageHtml(nonce)) as Response;
    });
  });
  return app;
}

/** What every page reads: the status, what runs, and both as they change. */
function liveRoutes(app: Hono, console: Console): void {
  const { live, jobs } = console;
  app.get('/api/facts', (context) => context.json(factsOf(console)));
  app.get('/api/status', async (context) => {
    const now = await live.status();
    if (now.error !== undefined) throw new Error(now.error);
    return context.json(now.status);
  });
  app.get('/api/jobs', (context) => context.json(jobs.views()));
  action(app, console, {
    path: '/api/jobs/:id/stop',
    body: v.object({ id: v.string() }),
    logged: ({ id }) => ({ id }),
    async run({ id }) {
      if (!jobs.stop(id)) throw new NotFound(`Nothing runs under ${id}.`);
    },
  });
  app.get('/api/live', (context) =>
    streamSSE(context, async (stream) => {
      const send = (event: string, value: unknown) => void stream.writeSSE({ event, data: JSON.stringify(value) });
      let told = 0;
      const sendJobs = atMostEvery(JOBS_INTERVAL_MS, () => {
        const { revision, views } = jobs.changesSince(told);
        told = revision;
        send('jobs', views);
      });
      sendJobs();
      const ends = [live.listen((status) => send('status', status)), jobs.onChange(sendJobs)];
      await new Promise<void>((resolve) => stream.onAbort(resolve));
      for (const end of ends) end();
    }),
  );
}

// A load reports far more often than anybody can read.
const JOBS_INTERVAL_MS = 250;

/** Returns a function that calls another at once, and, however often it is called meanwhile, once more after an interval. */
function atMostEvery(intervalMs: number, call: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  return function schedule() {
    if (timer !== undefined) {
      again = true;
      return;
    }
    call();
    timer = setTimeout(() => {
      timer = undefined;
      if (!again) return;
      again = false;
      schedule();
    }, intervalMs);
  };
}
