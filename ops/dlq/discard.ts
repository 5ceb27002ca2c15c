import { type FileHandle, open } from 'node:fs/promises';
import type { DeadLetter } from './dead-letter.ts';
import { type ExecuteOptions, executePlan, type Plan, type PlanResult } from './plan.ts';

/** Names the file that discarded dead letters are written to unless another is given. */
export const defaultFile = (now: Date) => `discarded-${now.toISOString().replaceAll(/[:.]/g, '-')}.jsonl`;

/** Deletes planned dead letters, each only after it is safely in the file: a new one, which its owner alone can read. */
export async function discard(plan: Plan, path: string, options: ExecuteOptions): Promise<PlanResult> {
  const file = await createFile(path);
  try {
    return await executePlan(
      plan,
      async (_, deadLetters) => {
        await file.appendFile(deadLetters.map(toJsonLine).join(''));
        await file.sync();
        return new Map();
      },
      options,
    );
  } finally {
    await file.close();
  }
}

/** All of a dead letter but its receipt handle, which means nothing once it is deleted; binary attributes in base64. */
function toJsonLine({ receiptHandle: _, attributes, ...rest }: DeadLetter): string {
  const entries = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    BinaryValue === undefined
      ? { DataType, StringValue }
      : { DataType, BinaryValue: Buffer.from(BinaryValue).toString('base64') },
  ]);
  return `${JSON.stringify({ ...rest, attributes: Object.fromEntries(entries) })}\n`;
}

async function createFile(path: string): Promise<FileHandle> {
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
