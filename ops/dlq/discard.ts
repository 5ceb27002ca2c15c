import { type FileHandle, open } from 'node:fs/promises';
import type { Letter } from './letter.ts';
import { carryOut, type Done, type Plan } from './plan.ts';

/** Takes the time and gives the file that discarded letters go to unless another is named. */
export const defaultFile = (now: Date) => `discarded-${now.toISOString().replaceAll(/[:.]/g, '-')}.jsonl`;

/** Deletes planned letters, each only after it is safely in the file: a new one, which its owner alone can read. */
export async function discard(
  plan: Plan,
  path: string,
  options: Parameters<typeof carryOut>[2] & { onMoved?: (count: number) => void },
): Promise<Done> {
  const file = await create(path);
  try {
    return await carryOut(
      plan,
      async (_, letters) => {
        await file.appendFile(letters.map((letter) => `${JSON.stringify(kept(letter))}\n`).join(''));
        await file.sync();
        options.onMoved?.(letters.length);
        return new Map();
      },
      options,
    );
  } finally {
    await file.close();
  }
}

/** What is kept of a discarded letter: all of it. */
export function kept(letter: Letter): object {
  const { receipt: _, attributes, ...rest } = letter;
  const plain = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    BinaryValue === undefined
      ? { DataType, StringValue }
      : { DataType, BinaryValue: Buffer.from(BinaryValue).toString('base64') },
  ]);
  return { ...rest, attributes: Object.fromEntries(plain) };
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw new Error(`${path} is there already: name another file with --to.`);
    throw new Error(`${path} cannot be written (${String(code)}), so nothing was discarded: name another with --to.`, {
      cause: error,
    });
  }
}
