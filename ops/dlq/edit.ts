import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import { type Route, routing } from '../../infra/routing.ts';
import { parsed } from './letter.ts';

/** Gives the editor of the environment; throws a sentence where there is none. */
export function editorIn(env: NodeJS.ProcessEnv): string {
  const editor = env.VISUAL || env.EDITOR;
  if (!editor) throw new Error('There is no editor: set EDITOR, for example EDITOR=vi or EDITOR="code --wait".');
  return editor;
}

/** Opens a body in an editor, JSON laid out for reading; gives what was saved, `undefined` where nothing was changed. */
export async function edited(body: string, editor: string): Promise<string | undefined> {
  const message = parsed(body);
  const before = message === undefined ? body : `${JSON.stringify(message, null, 2)}\n`;
  const folder = await mkdtemp(join(tmpdir(), 'dead-letter-'));
  try {
    const file = join(folder, 'body.json');
    await writeFile(file, before, { mode: 0o600 });
    await run(editor, file);
    const after = await readFile(file, 'utf8');
    return after.trim() === before.trim() ? undefined : after.trim();
  } finally {
    // It holds personal data.
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(editor: string, file: string): Promise<void> {
  // Standard output is the command's result; an editor that cannot have the terminal there gets it from standard error.
  const output = process.stdout.isTTY ? 'inherit' : process.stderr;
  const child = spawn(`${editor} "$DEAD_LETTER_FILE"`, {
    shell: true,
    stdio: ['inherit', output, 'inherit'],
    env: { ...process.env, DEAD_LETTER_FILE: file },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`The editor (${editor}) ended with ${code ?? 'a signal'}: nothing was moved.`);
}

/** Takes a consumer's name and a body and gives what is wrong with it by that consumer's contracts, each by path. */
export function problemsOf(
  consumer: string,
  body: string,
  routes: Readonly<Record<string, Route>> = routing,
): readonly string[] {
  const route = routes[consumer];
  // Of a consumer that is deployed but not in this checkout nothing is known.
  if (route === undefined) return parsed(body) === undefined ? ['body: must be JSON'] : [];
  try {
    parseEvent(body, route.consumes);
    return [];
  } catch (error) {
    if (error instanceof ContractError) return error.problems;
    throw error;
  }
}
