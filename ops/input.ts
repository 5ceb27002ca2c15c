import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

/**
 * Reads a file, or standard input where the name is `-`, as UTF-8. A byte-order mark stays what it is. Throws a sentence for what cannot be
 * read, and for another encoding.
 */
export async function readInput(name: string): Promise<string> {
  return decodeUtf8(await readBytes(name), name === '-' ? 'Standard input' : name);
}

async function readBytes(name: string): Promise<Buffer> {
  try {
    return name === '-' ? await buffer(process.stdin) : await readFile(name);
  } catch (error) {
    throw new Error(`${name} cannot be read (${error instanceof Error ? error.message : 'no reason given'}).`, {
      cause: error,
    });
  }
}

const UTF_16_MARKS = ['fffe', 'feff'];
const REPLACEMENT = '\uFFFD';
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT);
const SAVE_IT = 'save it as UTF-8';

/** Decodes UTF-8, a byte-order mark included. Throws a sentence with the position of the first byte that is not UTF-8. */
export function decodeUtf8(bytes: Buffer, name: string): string {
  if (UTF_16_MARKS.includes(bytes.toString('hex', 0, 2))) throw new Error(`${name} is UTF-16: ${SAVE_IT}.`);
  const text = bytes.toString('utf8');
  const [first = '', ...parts] = text.split(REPLACEMENT);
  let position = Buffer.byteLength(first);
  for (const part of parts) {
    // The text itself may have this character.
    if (!bytes.subarray(position, position + REPLACEMENT_BYTES.length).equals(REPLACEMENT_BYTES)) {
      throw new Error(notUtf8(bytes, position, name));
    }
    position += REPLACEMENT_BYTES.length + Buffer.byteLength(part);
  }
  return text;
}

function notUtf8(bytes: Buffer, position: number, name: string): string {
  const line = bytes.subarray(0, position).toString('latin1').split('\n').length;
  const byte = `0x${bytes
    .subarray(position, position + 1)
    .toString('hex')
    .toUpperCase()}`;
  return `${name} is not UTF-8: the byte ${byte} at offset ${position} (line ${line}) is none; ${SAVE_IT}.`;
}
