import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeUtf8 } from '../input.ts';
import { applyEdit } from './apply-edit.ts';
import { layOut } from './json-text.ts';

/** Returns the editor of the environment; throws a sentence if there is none. */
export function editorFrom(env: NodeJS.ProcessEnv): string {
  const editor = env.VISUAL || env.EDITOR;
  if (!editor) throw new Error('There is no editor: set EDITOR, for example EDITOR=vi or EDITOR="code --wait".');
  return editor;
}

/**
 * Opens a body in an editor, JSON laid out for reading; returns the body with what was changed, `undefined` if that is nothing: only what was
 * touched differs from the body. `output` is the editor's standard output.
 */
export async function editInEditor(
  body: string,
  editor: string,
  output: 'inherit' | NodeJS.WriteStream = 'inherit',
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'dead-letter-'));
  try {
    const file = join(folder, 'body.json');
    // Some editors end the last line, and some do not.
    await writeFile(file, `${layOut(body)}\n`, { mode: 0o600 });
    await runEditor(editor, file, output);
    const saved = decodeUtf8(await readFile(file), 'The edited body');
    return applyEdit(body, saved.endsWith('\n') ? saved.slice(0, -1) : saved);
  } finally {
    // It holds personal data.
    await rm(folder, { recursive: true, force: true });
  }
}

async function runEditor(editor: string, file: string, output: 'inherit' | NodeJS.WriteStream): Promise<void> {
  const child = spawn(`${editor} "$DEAD_LETTER_FILE"`, {
    shell: true,
    stdio: ['inherit', output, 'inherit'],
    env: { ...process.env, DEAD_LETTER_FILE: file },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`The editor (${editor}) ended with ${code ?? 'a signal'}: nothing was moved.`);
}
