import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';

const published = (type: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../contracts/published/${type}.json`), 'utf8'));

/** Returns the name of every property in a schema, at any depth. */
const propertiesIn = (schema: unknown): string[] => {
  if (schema === null || typeof schema !== 'object') return [];
  const own = 'properties' in schema && schema.properties ? Object.keys(schema.properties) : [];
  return [...own, ...Object.values(schema).flatMap(propertiesIn)];
};

describe("An event of the shop's own functions", () => {
  test.each(catalog.filter(({ channel }) => channel !== 'topic'))('has no personal data: $type', ({ type }) => {
    const personal = ['customer', 'phone', 'locale', 'payment', 'token'];
    expect(propertiesIn(published(type)).filter((name) => personal.includes(name))).toEqual([]);
  });

  test("is different from a publisher's order, which has a phone number and a token", () => {
    expect(propertiesIn(published('shop.order.placed.v1'))).toEqual(expect.arrayContaining(['phone', 'token']));
  });
});
