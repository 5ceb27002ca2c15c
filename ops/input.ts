import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** Reads a file, or standard input where the name is `-`. */
export async function readInput(name: string): Promise<string> {
  try {
    return name === '-' ? await text(process.stdin) : await readFile(name, 'utf8');
  } catch (error) {
    throw new Error(`${name} cannot be read (${error instanceof Error ? error.message : 'no reason given'}).`, {
      cause: error,
    });
  }
}
