import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TextDecoder } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { knownIdArgument, orderIdArgument, skuArgument } from '../../ops/arguments.ts';
import { decodeUtf8, readInput } from '../../ops/input.ts';
import { orderIds, skus } from '../builders/orders.ts';

describe('A file', () => {
  test('in Latin-1 is refused with the position of the byte', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'input-')), 'order.json');
    await writeFile(file, Buffer.from('{\n  "note": "Caf\u00e9"\n}', 'latin1'));
    await expect(readInput(file)).rejects.toThrow(
      `${file} is not UTF-8: the byte 0xE9 at offset 16 (line 2) is none; save it as UTF-8.`,
    );
  });

  test('in UTF-16 is refused as that', () => {
    for (const mark of ['fffe', 'feff']) {
      const bytes = Buffer.concat([Buffer.from(mark, 'hex'), Buffer.from('{}', 'utf16le')]);
      expect(() => decodeUtf8(bytes, 'order.json')).toThrow('order.json is UTF-16: save it as UTF-8.');
    }
  });

  test('keeps its byte-order mark, which is for whoever parses it, and a replacement character of its own', () => {
    expect(decodeUtf8(Buffer.from('\uFEFF{}'), 'f')).toBe('\uFEFF{}');
    expect(decodeUtf8(Buffer.from('a\uFFFD\uFFFDb'), 'f')).toBe('a\uFFFD\uFFFDb');
    expect(decodeUtf8(Buffer.alloc(0), 'f')).toBe('');
  });

  test('is taken exactly where a strict decoder takes it, and the byte that is named is the first one that is wrong', () => {
    const pieces = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('efbfbd', 'c3', 'e282', 'f09f98', 'eda080', 'c080').map((hex) => Buffer.from(hex, 'hex')),
    );
    const isUtf8 = (bytes: Buffer, stream = false) => {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream });
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 6 }).map((all) => Buffer.concat([Buffer.from('x'), ...all])),
        (bytes) => {
          if (isUtf8(bytes)) return void expect(decodeUtf8(bytes, 'f')).toBe(bytes.toString());
          const said = /at offset (\d+) /.exec(messageOf(() => decodeUtf8(bytes, 'f')));
          const offset = Number(said?.[1]);
          expect(isUtf8(bytes.subarray(0, offset))).toBe(true);
          // With what follows, the byte cannot begin a character: the sequence breaks off, or ends too early.
          expect(isUtf8(bytes.subarray(offset), false)).toBe(false);
          expect([1, 2, 3, 4].some((length) => isUtf8(bytes.subarray(offset, offset + length)))).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('An id on the command line', () => {
  const impossible = ['', 'a\u001b[2Jb', 'line\nbreak', 'x'.repeat(2_049), '\ud800'];

  test.each(impossible)('that nothing can have is refused in one sentence that does not repeat it: %j', (text) => {
    for (const parse of [orderIdArgument, skuArgument, knownIdArgument]) {
      const message = messageOf(() => parse(text));
      expect(message).toMatch(/^(An order's id|A SKU) must be [^\n]+\.$/);
      if (text !== '') expect(message).not.toContain(text);
    }
  });

  test('is taken where an order or a shelf may have it, and to look for also where an order was refused for it', () => {
    fc.assert(fc.property(orderIds, (id) => void expect([orderIdArgument(id), knownIdArgument(id)]).toEqual([id, id])));
    fc.assert(fc.property(skus, (sku) => void expect(skuArgument(sku)).toBe(sku)));
    for (const id of ['two words', '주문-1', 'x'.repeat(65)]) {
      expect(knownIdArgument(id)).toBe(id);
      expect(() => orderIdArgument(id)).toThrow("An order's id must be 1 to 64 printable ASCII characters");
    }
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}
