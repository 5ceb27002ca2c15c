import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { toUserMessage } from '../../errors.ts';
import type { JobView } from '../api/live.ts';
import { type Console, Forbidden, NotFound } from './console.ts';

/** What a POST does. `path` may have parameters, which are joined to the body before it is checked: `/api/orders/:id/cancel`. */
export type Action<S extends v.GenericSchema> = {
  path: string;
  body: S;
  /** Returns what the log keeps of the input: neither bodies nor personal data. */
  logged(input: v.InferOutput<S>): object;
  /** Returns what is answered as JSON; throws a sentence. */
  run(input: v.InferOutput<S>): Promise<unknown>;
};

/** Adds a POST that changes something: refused while the console is read-only, and written to the log with its result. */
export function action<S extends v.GenericSchema>(
  app: Hono,
  console: Console,
  { path, body, logged, run }: Action<S>,
): void {
  app.post(path, async (context) => {
    const input = await readInput(context, body);
    const entry = { action: path.replace('/api/', ''), input: logged(input) };
    // Before it is done: what cannot be written down is not done.
    await console.log.write({ ...entry, result: 'begun' });
    try {
      const result = await run(input);
      await console.log.write({ ...entry, result: isJob(result) ? `started as ${result.id}` : 'done' });
      void console.live.refresh();
      return context.json(result ?? {});
    } catch (error) {
      await console.log.write({ ...entry, result: `failed: ${toUserMessage(error)}` });
      throw error;
    }
  });
}

/** What takes a while is answered while it runs, and has an entry of its own in the log once it ended. */
const isJob = (result: unknown): result is Pick<JobView, 'id'> =>
  typeof result === 'object' && result !== null && 'id' in result && 'kind' in result && 'state' in result;

/** Adds a POST that only reads, such as one that checks what is being typed. */
export function query<S extends v.GenericSchema>(app: Hono, { path, body, run }: Omit<Action<S>, 'logged'>): void {
  app.post(path, async (context) => context.json((await run(await readInput(context, body))) ?? {}));
}

async function readInput<S extends v.GenericSchema>(context: Context, schema: S): Promise<v.InferOutput<S>> {
  const sent: unknown = await context.req.json().catch(() => {
    throw new Error('The request must have a body of JSON.');
  });
  const result = v.safeParse(schema, typeof sent === 'object' ? { ...sent, ...context.req.param() } : sent);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Error(`${v.getDotPath(issue) ?? 'body'}: ${issue.message}`);
}

/** Answers an error with its sentence: 404 for what does not exist, 403 for what this console may not do, else 400. */
export const answerError = (error: Error, context: Context) =>
  context.json({ error: toUserMessage(error) }, statusOf(error));

function statusOf(error: Error): 400 | 403 | 404 {
  if (error instanceof NotFound) return 404;
  return error instanceof Forbidden ? 403 : 400;
}
