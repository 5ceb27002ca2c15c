import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JobView } from '../api/live.ts';

/** One action as the log has it; `input` holds neither bodies nor personal data. */
export type LoggedAction = { action: string; input: object; result: string };

/** Writes down what was done, by whom and with what result. */
export type ActionLog = { readonly path: string; write(entry: LoggedAction): Promise<void> };

/**
 * Opens a log of lines of JSON that its owner alone can read: `{time, who, where, action, input, result}`. `who` is asked once, at the first entry. An
 * entry that cannot be written fails the action before it is done: nothing is changed that nobody can find later.
 */
export function actionLog(path: string, where: string, who: () => Promise<string>): ActionLog {
  let known: Promise<string> | undefined;
  return {
    path,
    async write(entry) {
      known ??= who();
      known.catch(() => {
        known = undefined;
      });
      const line = { time: new Date().toISOString(), who: await known, where, ...entry };
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    },
  };
}

/** Returns the entry of an operation that ended: of its result the counts, which say how it went, and no lists, which may be long. */
export function endOf({ id, kind, title, state, error, result }: JobView): LoggedAction {
  const counts = Object.entries(typeof result === 'object' && result !== null ? result : {}).filter(
    ([, value]) => typeof value === 'number' || typeof value === 'boolean',
  );
  const said = error ?? counts.map(([name, value]) => `${name} ${value}`).join(', ');
  return { action: kind, input: { id, title }, result: said === '' ? state : `${state}: ${said}` };
}
