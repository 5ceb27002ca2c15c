import * as v from 'valibot';

/** `amount` US dollars for `per` units. */
export type Price = { amount: number; per: number; unit: string };

/** The prices of one region, with their date and how they were checked. */
export type PriceList<Id extends string = PriceId> = {
  region: string;
  date: string;
  checked: string;
  prices: Readonly<Record<Id, Price>>;
};

export type PriceId = keyof typeof listPrices.prices;

const million = (amount: number, unit: string): Price => ({ amount, per: 1_000_000, unit });
const each = (amount: number, unit: string): Price => ({ amount, per: 1, unit });

/** AWS's list prices: the first tier of each, without the free tier. Texts are left out, because their price depends on the country. */
export const listPrices = {
  region: 'us-east-1',
  date: '2026-11-21',
  checked:
    "entered by hand: compare them with AWS's pages (https://aws.amazon.com/<service>/pricing/) before you rely on them",
  prices: {
    'sns.publish': million(0.5, 'requests of 64 KB'),
    'sns.payload-filter': each(0.09, 'GB filtered'),
    'sns.fifo-publish': million(0.3, 'messages'),
    'sns.fifo-publish-bytes': each(0.017, 'GB'),
    'sns.fifo-delivery': million(0.01, 'messages'),
    'sns.fifo-delivery-bytes': each(0.001, 'GB'),
    'sqs.standard': million(0.4, 'requests of 64 KB'),
    'sqs.fifo': million(0.5, 'requests of 64 KB'),
    'events.put': million(1, 'events of 64 KB'),
    'events.archive': each(0.1, 'GB'),
    'events.archive-storage': each(0.023, 'GB-month'),
    'lambda.request': million(0.2, 'requests'),
    'lambda.arm64': million(13.3334, 'GB-seconds'),
    'lambda.x86_64': million(16.6667, 'GB-seconds'),
    'dynamodb.write': million(0.625, 'write request units'),
    'dynamodb.read': million(0.125, 'read request units'),
    'dynamodb.storage': each(0.25, 'GB-month'),
    'dynamodb.point-in-time': each(0.2, 'GB-month'),
    's3.put': { amount: 0.005, per: 1_000, unit: 'PUT requests' },
    's3.storage': each(0.023, 'GB-month'),
    'logs.ingestion': each(0.5, 'GB'),
    'logs.storage': each(0.03, 'GB-month'),
    'cloudwatch.metric': each(0.3, 'metric-month'),
    'cloudwatch.metric-read': { amount: 0.01, per: 1_000, unit: 'metrics that GetMetricData reads' },
    'cloudwatch.alarm': each(0.1, 'alarm metric-month'),
    'cloudwatch.composite-alarm': each(0.5, 'composite alarm-month'),
    'cloudwatch.dashboard': each(3, 'dashboard-month'),
    'xray.trace': million(5, 'traces recorded'),
    'kms.key': each(1, 'key-month'),
    'kms.request': { amount: 0.03, per: 10_000, unit: 'requests' },
    'secrets.secret': each(0.4, 'secret-month'),
  },
} satisfies PriceList<string>;

/** Returns US dollars for a number of units. */
export const cost = (units: number, { amount, per }: Price): number => (units / per) * amount;

const isPriceId = (name: string): name is PriceId => Object.hasOwn(listPrices.prices, name);

const SHAPE = 'A price file needs "region", "date" (such as 2026-11-21) and "prices", an object of dollars by name.';
const PriceFile = v.pipe(
  v.string(),
  v.parseJson(undefined, 'The price file is not JSON.'),
  v.object(
    {
      region: v.string(SHAPE),
      date: v.pipe(v.string(SHAPE), v.isoDate(SHAPE)),
      prices: v.record(v.string(), v.unknown(), SHAPE),
    },
    SHAPE,
  ),
);

/** Replaces list prices by those of a price file (docs/costs.md). Throws where the file is malformed or names an unknown price. */
export function parsePriceFile(text: string): PriceList {
  const { region, date, prices: given } = v.parse(PriceFile, text.replace(/^\uFEFF/, ''), { abortEarly: true });
  const prices = { ...listPrices.prices };
  for (const [name, amount] of Object.entries(given)) {
    if (!isPriceId(name)) throw new Error(`There is no price "${name}". Known: ${Object.keys(prices).join(', ')}.`);
    if (typeof amount !== 'number' || !(amount >= 0))
      throw new Error(`The price of "${name}" must be a number of dollars.`);
    prices[name] = { ...prices[name], amount };
  }
  const missing = Object.keys(prices).filter((name) => !Object.hasOwn(given, name));
  const rest = missing.length === 0 ? '' : `; from the list of ${listPrices.region}: ${missing.join(', ')}`;
  return { region, date, checked: `from the price file${rest}`, prices };
}
