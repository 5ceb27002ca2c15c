/** What something costs: `amount` US dollars for `per` of its units. */
export type Price = { amount: number; per: number; unit: string };

const million = (amount: number, unit: string): Price => ({ amount, per: 1_000_000, unit });
const each = (amount: number, unit: string): Price => ({ amount, per: 1, unit });

/**
 * AWS's list prices in one region, the first tier of each, without the free tier. `--prices <file>` replaces any of them. There
 * is none for texts: what one costs depends on the country.
 */
export const listPrices = {
  region: 'us-east-1',
  date: '2026-11-21',
  /** How sure they are. */
  checked:
    'list prices as known on that date, not read from the pages by a program: compare them before you rely on them',
  pages: [
    'https://aws.amazon.com/sns/pricing/',
    'https://aws.amazon.com/sqs/pricing/',
    'https://aws.amazon.com/eventbridge/pricing/',
    'https://aws.amazon.com/lambda/pricing/',
    'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    'https://aws.amazon.com/cloudwatch/pricing/',
    'https://aws.amazon.com/xray/pricing/',
    'https://aws.amazon.com/kms/pricing/',
    'https://aws.amazon.com/secrets-manager/pricing/',
  ],
  prices: {
    'sns.publish': million(0.5, 'requests of 64 KB'),
    'sns.payload-filter': each(0.09, 'GB looked into'),
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
    'logs.ingestion': each(0.5, 'GB'),
    'logs.storage': each(0.03, 'GB-month'),
    'cloudwatch.metric': each(0.3, 'metric and month'),
    'cloudwatch.alarm': each(0.1, 'alarmed metric and month'),
    'cloudwatch.dashboard': each(3, 'dashboard and month'),
    'xray.trace': million(5, 'traces recorded'),
    'kms.key': each(1, 'key and month'),
    'kms.request': { amount: 0.03, per: 10_000, unit: 'requests' },
    'secrets.secret': each(0.4, 'secret and month'),
  },
} satisfies PriceList<string>;

/** What has a price. */
export type PriceId = keyof typeof listPrices.prices;

/** Prices of one region, and the date on which they were known. */
export type PriceList<Id extends string = PriceId> = {
  region: string;
  date: string;
  checked: string;
  pages: readonly string[];
  prices: Readonly<Record<Id, Price>>;
};

/** Takes how many units, and a price, and gives US dollars. */
export const cost = (units: number, { amount, per }: Price): number => (units / per) * amount;
