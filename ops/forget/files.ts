import { appendFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { localFolder } from '../../localstack/engines.ts';
import { orderIdOf } from '../dlq/dead-letter.ts';
import { letterWithoutPerson } from './letters.ts';

/** Where it is kept what was forgotten, without the person; readable by its owner alone. */
export const FORGOTTEN_FILE = join(localFolder, 'forgotten.jsonl');

/** Writes down what was forgotten, a line for each order. */
export async function writeForgotten(lines: readonly object[], file = FORGOTTEN_FILE): Promise<void> {
  if (lines.length === 0) return;
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
}

const discarded = v.looseObject({
  consumer: v.string(),
  body: v.string(),
  attributes: v.record(v.string(), v.object({ DataType: v.string(), StringValue: v.optional(v.string()) })),
  system: v.record(v.string(), v.string()),
});

const FILE_NAME = /^discarded-[\dTZ-]+\.jsonl$/;

/**
 * Removes the person of orders from the files that `dlq discard` wrote into a folder under the name it gives by itself. Returns how many letters
 * were rewritten.
 */
export async function rewriteDiscarded(folder: string, orderIds: ReadonlySet<string>): Promise<number> {
  let rewritten = 0;
  for (const name of (await readdir(folder)).filter((one) => FILE_NAME.test(one))) {
    const file = join(folder, name);
    const lines = (await readFile(file, 'utf8')).split('\n');
    const after = lines.map((line) => lineWithoutPerson(line, orderIds));
    const changed = after.filter((line, index) => line !== lines[index]).length;
    if (changed === 0) continue;
    await writeFile(`${file}.${process.pid}`, after.join('\n'), { mode: 0o600 });
    await rename(`${file}.${process.pid}`, file);
    rewritten += changed;
  }
  return rewritten;
}

function lineWithoutPerson(line: string, orderIds: ReadonlySet<string>): string {
  const { success, output } = v.safeParse(discarded, tryParse(line));
  if (!success || !orderIds.has(orderIdOf(output) ?? '')) return line;
  const { attributes, ...letter } = output;
  const known = Object.entries(attributes).map(([name, { DataType, StringValue }]) => [
    name,
    { DataType, ...(StringValue === undefined ? {} : { StringValue }) },
  ]);
  return JSON.stringify(letterWithoutPerson({ ...letter, attributes: Object.fromEntries(known) }));
}
