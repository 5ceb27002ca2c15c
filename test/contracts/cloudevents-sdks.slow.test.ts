import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { problemsOf } from '../builders/parsing.ts';

const folder = join(import.meta.dirname, 'cloudevents-sdks');
const read = (path: string) => readFileSync(join(folder, path), 'utf8');
const order = JSON.parse(read('order.json'));
const { customer: _, ...guestOrder } = order;

const samples = ['javascript', 'python', 'java'].flatMap((sdk) =>
  readdirSync(join(folder, sdk))
    .filter((file) => file.endsWith('.json'))
    .map((file) => `${sdk}/${file}`),
);

/** The samples that are refused, with the reason. */
const refused: Record<string, string[]> = {
  'javascript/data-as-text.json': [
    'datacontenttype: must be a JSON media type such as application/json',
    'data: must be an object, not JSON inside a string',
  ],
  'python/data-as-text.json': ['data: must be an object, not JSON inside a string'],
  'java/data-as-text.json': ['datacontenttype: must be a JSON media type such as application/json'],
};

describe('What the CloudEvents SDKs write', () => {
  test.each(samples.filter((sample) => !(sample in refused)))('is taken: %s', (sample) => {
    const data = sample.includes('nulls') ? guestOrder : order;
    expect(parseEvent(read(sample), catalog)).toMatchObject({ type: 'shop.order.placed.v1', data });
  });

  test.each(Object.entries(refused))('is refused with its reason: %s', (sample, reasons) => {
    expect(problemsOf(() => parseEvent(read(sample), catalog))).toEqual(reasons);
  });

  test('of time is repeated in UTC with milliseconds, and of extensions all', () => {
    for (const sdk of ['javascript', 'python', 'java']) {
      expect(parseEvent(read(`${sdk}/time-with-offset.json`), catalog).time).toBe('2026-11-26T09:00:00.123Z');
      expect(parseEvent(read(`${sdk}/extensions.json`), catalog)).toMatchObject({
        partitionkey: 'o-1001',
        sampledrate: 3,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=1',
      });
    }
  });
});
