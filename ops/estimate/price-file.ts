import { listPrices, type PriceId, type PriceList } from './prices.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPriceId = (name: string): name is PriceId => Object.hasOwn(listPrices.prices, name);

/**
 * Takes a file's text such as `{"region": "ap-northeast-2", "date": "2026-11-21", "prices": {"dynamodb.write": 0.68}}` and gives the list
 * with those prices replaced, each in dollars for as many units as ours; throws a sentence naming what is wrong.
 */
export function pricesFrom(text: string, list: PriceList = listPrices): PriceList {
  const given = parsed(text);
  const { region, date, prices } = given;
  if (typeof region !== 'string' || typeof date !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date) || !isRecord(prices)) {
    throw new Error(
      'A price file needs "region", "date" (such as 2026-11-21) and "prices", an object of dollars by name.',
    );
  }
  const replaced = { ...list.prices };
  for (const [name, amount] of Object.entries(prices)) {
    if (!isPriceId(name)) {
      throw new Error(
        `There is nothing with the price "${name}": it must be one of ${Object.keys(list.prices).join(', ')}.`,
      );
    }
    if (typeof amount !== 'number' || !(amount >= 0))
      throw new Error(`The price of "${name}" must be a number of dollars.`);
    replaced[name] = { ...replaced[name], amount };
  }
  const missing = Object.keys(list.prices).filter((name) => !Object.hasOwn(prices, name));
  const rest =
    missing.length === 0
      ? ''
      : `; ${missing.length} that it leaves out are those of ${list.region}: ${missing.join(', ')}`;
  return { ...list, region, date, checked: `from the price file${rest}`, pages: [], prices: replaced };
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error('The price file is not JSON.', { cause: error });
  }
  if (!isRecord(value)) throw new Error('The price file must be a JSON object.');
  return value;
}
