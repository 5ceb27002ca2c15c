import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../contracts/parse.ts';
import { stockReceived } from '../../contracts/stock.ts';
import { parseStockFile } from '../../ops/stock/csv.ts';
import { receiptOf, receiptsOf } from '../../ops/stock/receipts.ts';

const errorOf = (text: string): string => {
  try {
    parseStockFile(text);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('A CSV file of goods', () => {
  test.each([
    ['with a header', 'sku,quantity\nKB-01,40\n의자 01,12\n'],
    ['without a header', 'KB-01,40\n의자 01,12'],
    [
      'of a spreadsheet: byte-order mark, quotes, CRLF, an empty line',
      '\uFEFF"SKU","Quantity"\r\n"KB-01","40"\r\n\r\n"의자 01",12\r\n',
    ],
    ['with a SKU on several rows', 'KB-01,30\n의자 01,12\nKB-01,10\n'],
    ['with spaces around', ' KB-01 , 40 \n 의자 01,12'],
  ])('is read %s', (_, text) => {
    expect(parseStockFile(text).lines).toEqual([
      { sku: 'KB-01', quantity: 40 },
      { sku: '의자 01', quantity: 12 },
    ]);
  });

  test('names every bad row by its line, and quotes commas inside a SKU right', () => {
    const message = errorOf('sku,quantity\nA,1\nB,0\n,3\n"C,D",5\nE\nF,1.5\nG,1,2\nA,50000000\n');
    expect(message).toMatch(/^Nothing was sent, because 6 rows are wrong:/);
    expect(message).toContain('line 3: the quantity must be a whole number from 1 to 50000000');
    expect(message).toContain('line 4: the SKU must be');
    expect(message).toContain('line 6: has 1 columns, not 2 (sku,quantity)');
    expect(message).toContain('line 7: the quantity');
    expect(message).toContain('line 8: has 3 columns');
    expect(message).toContain('line 9: brings this SKU to more than 50000000 pieces');
    expect(message).not.toContain('line 5');
  });

  test.each([
    ['is empty', '', 'The file has no rows'],
    ['has a header only', 'sku,quantity\n', 'The file has no rows'],
    ['has an open quote', '"A,1\nB,2\n', 'The file is not CSV'],
  ])('that %s is refused with a sentence', (_, text, problem) => {
    expect(errorOf(text)).toContain(problem);
  });

  test('in another encoding than UTF-8 is refused, because its SKUs cannot be read', () => {
    // 의자 in EUC-KR, as a Korean spreadsheet saves it.
    const text = Buffer.concat([Buffer.from([0xc0, 0xc7, 0xc0, 0xda]), Buffer.from(',5\n')]).toString('utf8');
    expect(errorOf(text)).toContain('line 1: the SKU must be UTF-8');
  });

  test('of 20,000 SKUs becomes receipts of 99 SKUs that keep the contract, the same for the same content', () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `SKU-${index},${index + 1}`).join('\n');
    const receipts = receiptsOf(parseStockFile(text));
    expect(receipts).toHaveLength(203);
    expect(new Set(receipts.map(({ receiptId }) => receiptId)).size).toBe(203);
    expect(receiptsOf(parseStockFile(text))).toEqual(receipts);
    expect(receiptsOf(parseStockFile(`${text}\nX,1`))[0]?.receiptId).not.toBe(receipts[0]?.receiptId);
    for (const data of receipts) {
      const event = { id: 'x', source: '/shop/operator', type: stockReceived.type, data };
      expect(parseEvent(JSON.stringify(event), [stockReceived]).data).toEqual(data);
    }
  });
});

describe('A receipt of one SKU', () => {
  test('has an id of its own unless one is given', () => {
    expect(receiptOf('A', 1).receiptId).not.toBe(receiptOf('A', 1).receiptId);
    expect(receiptOf('A', 1, 'GR-1')).toEqual({ receiptId: 'GR-1', items: [{ sku: 'A', quantity: 1 }] });
  });

  test('is refused where its SKU or its id breaks the contract', () => {
    expect(() => receiptOf(' A', 1)).toThrow('The SKU must be 1 to 100 characters');
    expect(() => receiptOf('A', 1, 'with space')).toThrow('The receipt must be 1 to 64 printable');
  });
});
