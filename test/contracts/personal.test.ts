import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';

const published = (type: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../contracts/published/${type}.json`), 'utf8'));

/** Every property that is named anywhere in a schema. */
const propertiesIn = (schema: unknown): string[] => {
  if (schema === null || typeof schema !== 'object') return [];
  const own = 'properties' in schema && schema.properties ? Object.keys(schema.properties) : [];
  return [...own, ...Object.values(schema).flatMap(propertiesIn)];
};

describe('What our own functions say', () => {
  test.each(catalog.filter(({ channel }) => channel !== 'topic'))(
    '$type names no customer: no telephone number, no payment token, no language',
    ({ type }) => {
      const personal = ['customer', 'phone', 'locale', 'payment', 'token'];
      expect(propertiesIn(published(type)).filter((name) => personal.includes(name))).toEqual([]);
    },
  );

  test('is told from what a publisher says, which does', () => {
    expect(propertiesIn(published('shop.order.placed.v1'))).toEqual(expect.arrayContaining(['phone', 'token']));
  });
});
