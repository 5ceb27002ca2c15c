import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getCountries } from 'libphonenumber-js/max';
import * as v from 'valibot';
import { DEAD_LETTER_RETENTION_DAYS, MAX_PARKED_DAYS, OUTAGE_HOURS } from '../lambdas/runtime/retry-policy.ts';
import { alarmTargetsSchema, EMAIL, TOPIC_ARN } from './alarm-targets.ts';
import { customSettings } from './custom/settings.ts';
import { tableNames } from './names.ts';
import { intakeSchema, partnersSchema, webhooksSchema } from './partner-settings.ts';
import { boolean, choice, integer, list, matching, optional, setting } from './setting.ts';

const lambdas = join(import.meta.dirname, '..', 'lambdas');

/** The consumers, which are the folders that say what they consume; `infra/routing.ts` has a line for each. */
export const consumerNames: readonly string[] = readdirSync(lambdas).filter((name) =>
  existsSync(join(lambdas, name, 'consumes.ts')),
);

const LOG_DAYS = [1, 7, 14, 30, 90, 180, 365] as const;
const MAX_CONCURRENCY = 1_000;

const SECRET = /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}|[\w/+=.@-]{1,512})$/;
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const TABLE = /^[\w.-]{3,255}$/;
const QUIET_HOURS = /^([01]?\d|2[0-3])-([01]?\d|2[0-3])$/;
const COUNTRIES_RULE = 'must be any, or countries and prefixes of numbers such as GB,+82,+447';
const COUNTRY_OR_PREFIX = new RegExp(String.raw`^(\+[1-9]\d{0,6}|${getCountries().join('|')})$`);
const QUIET_HOURS_RULE = 'must be hours from and to, such as 21-8, at most 12 of them';
// https://docs.aws.amazon.com/sms-voice/latest/userguide/sender-id.html
const SENDER_ID = /^(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9-]{0,9}[A-Za-z0-9])?$/;

function hoursOf(text: string) {
  const [from = 0, to = 0] = text.split('-').map(Number);
  return { from, to };
}

/** A part of every text: the same in all languages, or one for each. */
function inTexts(pattern: RegExp, rule: string) {
  const text = matching(pattern, rule);
  return v.union(
    [
      v.pipe(
        text,
        v.transform((all) => ({ en: all, ko: all })),
      ),
      v.strictObject({ en: text, ko: text }, rule),
    ],
    `${rule}, or an object with en and ko`,
  );
}

// Phones make links of `:` and `/`.
const shopName = inTexts(
  /^[^\s:/](?:[^:/\p{C}\p{Zl}\p{Zp}]{0,28}[^\s:/])?$/u,
  'must be 1 to 30 characters without : and /',
);
const howToStop = inTexts(/^\S(?:[^\p{C}\p{Zl}\p{Zp}]{0,58}\S)?$/u, 'must be 1 to 60 characters on one line');

/** One consumer's function and batches. What is left out is taken from the settings of all consumers. */
const consumerSettingsSchema = v.strictObject(
  {
    concurrency: optional('instances at most, 2 to 1000', integer(2, MAX_CONCURRENCY), '`consumerConcurrency`'),
    memory: optional('memory in MB', integer(128, 10_240), '`512`'),
    timeout: optional('seconds an invocation may take', integer(10, 300), '`30`'),
    batchSize: optional('messages per batch at most', integer(1, 1_000), '`batchSize`'),
    window: optional('seconds in which Lambda may gather a batch', integer(0, 60), '`batchWindowSeconds`'),
  },
  'must be an object',
);

/** Every setting of a stage: the type of `settings/<stage>.json`, its JSON Schema and the table in docs/settings.md. */
export const settingsSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  stackName: optional(
    'the name of the shop: of its stack, followed by the stage, and the prefix of its resources; another name makes a second, independent shop',
    v.string('must be a text'),
    '`ShopMessaging`',
  ),
  paymentGateway: optional(
    'the payment gateway; `stripe` needs `stripeSecret` ([payment gateways](payment-gateways.md)). The sandbox moves no money',
    choice('sandbox', 'stripe'),
    '`sandbox` in `dev` and `local`; must be given in any other stage',
  ),
  stripeSecret: optional(
    "the name or ARN of the secret that holds Stripe's key",
    matching(SECRET, "must be a secret's name or its whole ARN"),
  ),
  encryption: setting(
    "`customer`: topics, queues, tables and logs are encrypted with the stack's own KMS key; `aws`: with keys that AWS owns, which cost nothing ([costs](deploying.md#what-encryption-costs))",
    choice('customer', 'aws'),
    'customer',
  ),
  keyArn: optional(
    'the ARN of an existing KMS key that is used instead of one of the stack ([its policy](deploying.md#an-existing-key-alarm-topic-or-orders-topic))',
    matching(KEY_ARN, "must be a KMS key's ARN"),
    'a key of the stack',
  ),
  ordersTopicArn: optional(
    'the ARN of an existing SNS topic that orders are published on',
    matching(TOPIC_ARN, "must be a standard SNS topic's ARN"),
    'a topic of the stack',
  ),
  alarmTopicArn: optional(
    'the ARN of an existing SNS topic that alarms are sent to',
    matching(TOPIC_ARN, "must be a standard SNS topic's ARN"),
    'a topic of the stack',
  ),
  alarmEmail: optional(
    'the e-mail address that alarms notify',
    matching(EMAIL, 'must be one e-mail address such as operators@example.com'),
    'nobody',
  ),
  alarmTargets: setting(
    'further places that alarms are sent to, by name: `{"pager": {"severity": "critical", "webhookSecret": "pagerduty"}}` ([alarms](operating.md#where-alarms-go))',
    alarmTargetsSchema,
    {},
  ),
  alarmNoOrdersMinutes: setting(
    'an alarm goes off when no order was placed for so many minutes; `0`: no such alarm ([which number](operating.md#no-orders-and-what-texts-cost))',
    integer(0, 1_440),
    0,
  ),
  alarmSmsSpend: optional(
    "an alarm goes off when the account's texts of this month cost so many US dollars ([which number](operating.md#no-orders-and-what-texts-cost))",
    integer(1, 1_000_000),
    'no such alarm',
  ),
  publisherAccounts: optional(
    'other AWS accounts that may publish orders: 12-digit ids',
    list(/^\d{12}$/, 'must be AWS account ids of 12 digits, separated by commas'),
  ),
  smsCountries: optional(
    'the numbers that may be texted: countries, ISO 3166, and prefixes, for example `["KR", "GB", "+1"]`; list yours ([texts](sms.md#which-countries))',
    v.union(
      [
        v.pipe(
          v.literal('any'),
          v.transform(() => undefined),
        ),
        list(COUNTRY_OR_PREFIX, COUNTRIES_RULE),
      ],
      COUNTRIES_RULE,
    ),
    '`any`',
  ),
  smsDefaultCountry: optional(
    'the country of phone numbers without a country code, ISO 3166, for example `KR`',
    v.picklist(getCountries(), 'must be the ISO 3166 code of a country, two capital letters such as KR'),
    'none: such numbers get no text',
  ),
  smsSenderId: optional(
    'the sender that texts show',
    matching(SENDER_ID, 'must be 1 to 11 letters, digits or -, with a letter among them'),
    "a number of Amazon's",
  ),
  smsShopName: optional(
    'who sends: every text begins with it, in brackets; `{"en": "Acme", "ko": "아크메"}` where it is another name in Korean ([texts](sms.md#who-sends-them-and-how-to-stop-them))',
    shopName,
    'texts do not say',
  ),
  smsHowToStop: optional(
    'how to stop, which the texts to a country end with, by its ISO 3166 code: `{"US": "Reply STOP to opt out."}`, or `{"en": …, "ko": …}` for each; `{}`: no text says it',
    v.record(
      v.picklist(getCountries(), 'must be the ISO 3166 code of a country, two capital letters such as US'),
      howToStop,
      'must be an object of texts, by country',
    ),
    '`Reply STOP to opt out.` in the United States and Canada',
  ),
  smsPerDay: setting('the most texts a number gets in a day; `0`: no limit', integer(0, 100), 10),
  smsMaxPrice: setting(
    'the highest price of a text, in US dollars',
    matching(/^\d{1,2}(\.\d{1,5})?$/, 'must be US dollars such as 0.50'),
    '0.50',
  ),
  smsQuietHours: optional(
    "hours without texts, for example `21-8`, in the time zone of the number's country",
    v.pipe(
      matching(QUIET_HOURS, QUIET_HOURS_RULE),
      v.check((text) => {
        const { from, to } = hoursOf(text);
        return from !== to && (to - from + 24) % 24 <= 12;
      }, QUIET_HOURS_RULE),
      v.transform(hoursOf),
    ),
  ),
  textWhenPlaced: setting(
    'also text the customer when the order is placed, not only when it is decided',
    boolean(),
    false,
  ),
  textWhenShipped: setting('text the customer when the first goods of an order have left', boolean(), false),
  textWhenRefunded: setting(
    'text the customer when a refund of an order that stays confirmed was sent, once per order; the text of a cancellation tells of its own',
    boolean(),
    true,
  ),
  orderDeadlineHours: setting(
    'an undecided order is cancelled after this time; it must be longer than the outage that a consumer waits out, and shorter than the provider holds an authorization (Stripe: seven days with most cards)',
    integer(OUTAGE_HOURS + 1, 24 * 14),
    2 * OUTAGE_HOURS,
  ),
  reminderHours: setting(
    'the customer of an undecided order is told once, after this time, that it is delayed; `0`: never',
    integer(0, 24 * 14 - 1),
    0,
  ),
  settleSeconds: setting(
    'how long after a decision the sweep checks that payment, stock and notification have heard of it',
    integer(5, 3_600),
    300,
  ),
  consumerConcurrency: setting('the most instances of one consumer that run at once', integer(2, MAX_CONCURRENCY), 10),
  batchSize: setting('the most messages in one batch; more than 10 needs a window', integer(1, 100), 10),
  batchWindowSeconds: setting(
    'how long Lambda may gather a batch: fewer calls, later messages ([costs](costs.md#what-to-expect))',
    integer(0, 60),
    0,
  ),
  consumers: setting(
    'settings of one consumer, by its name: the table below',
    v.strictObject(
      Object.fromEntries(
        [...consumerNames, 'archive', 'webhooks'].map((name) => [name, v.exactOptional(consumerSettingsSchema)]),
      ),
      'must be an object',
    ),
    {},
  ),
  restoredTables: setting(
    'restored tables that are used instead of those of the stack, by the table that each stands in for: `{"payments": "ShopMessaging-prod-payments-20261127"}` ([restore](restore.md))',
    v.strictObject(
      Object.fromEntries(
        tableNames.map((name) => [name, v.exactOptional(matching(TABLE, "must be a table's name, not its ARN"))]),
      ),
      'must be an object',
    ),
    {},
  ),
  partners: setting(
    'services that receive events from a queue of their own, by name: events of the bus, or `lifecycle` for every step of every order in sequence; `{"events": …, "account": "…"}` where another AWS account reads ([subscribing](subscribing.md))',
    partnersSchema(consumerNames),
    {},
  ),
  webhooks: setting(
    'addresses that events are posted to, signed: `{"endpoints": {"erp": {"url": "https://…", "events": […], "secret": "…"}}}` ([webhooks](webhooks.md))',
    webhooksSchema,
    { endpoints: {}, allowPrivate: [] },
  ),
  intake: setting(
    'who may post messages to the shop over HTTP, signed: `{"senders": {"acme": {"scheme": "standard-webhooks", "secret": "…", "perMinute": 60}}}` ([intake](intake.md))',
    intakeSchema,
    { senders: {} },
  ),
  tracing: setting('X-Ray traces of functions and topics; `false` switches them off', boolean(), true),
  busArchive: setting(
    "EventBridge's own archive of the bus, beside the one in S3; `false` in a region that has none",
    boolean(),
    true,
  ),
  parkedDays: setting(
    'how long a dead letter that is parked is kept in all, the last 14 days back in its dead-letter queue ([parking](dead-letters.md#parking))',
    integer(DEAD_LETTER_RETENTION_DAYS, MAX_PARKED_DAYS),
    90,
  ),
  phoneDays: setting(
    "how long after an order's decision its record keeps the customer's phone, for texts about parcels and refunds; that of a cancelled order goes with the text that says so ([privacy](privacy.md))",
    integer(1, 3_650),
    30,
  ),
  recordDays: setting(
    'how long the records of a decided order are kept after the last that happened to it, at least `archiveDays` and 120 days; `0`: as long as the stack ([privacy](privacy.md#records-of-decided-orders))',
    integer(0, 36_500),
    0,
  ),
  archiveDays: setting('how long events are archived and can be replayed', integer(1, 3_650), 30),
  logDays: setting(
    "the retention of the functions' logs",
    v.picklist(LOG_DAYS, `must be one of ${LOG_DAYS.join(', ')}`),
    30,
  ),
  ...customSettings,
});
