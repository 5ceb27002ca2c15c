import type { Node } from 'constructs';
import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/max';
import type { QuietHours, SmsSettings } from '../lambdas/notification/sms-settings.ts';
import { OUTAGE_HOURS } from '../lambdas/runtime/retry-policy.ts';
import { Context } from './context.ts';

/** Everything a deployment can choose, with its default: `cdk deploy -c name=value`. */
export type Settings = {
  /** Names the stack and its named resources; another name makes a second shop in the account and region. @default ShopMessaging */
  stackName: string;
  /** `dev` and `local` can be destroyed, `prod` keeps its data. @default dev */
  stage: 'local' | 'dev' | 'prod';
  /**
   * The key that encrypts topics, queues, tables and logs: the stack's own, or keys that AWS owns, which cost nothing.
   * @default customer
   */
  encryption: 'customer' | 'aws';
  /** Text the customer when the order is placed too, not only when it is decided. @default false */
  textWhenPlaced: boolean;
  /** The provider that payments go through. @default sandbox */
  paymentGateway: 'sandbox' | 'stripe';
  /** The name or ARN of the secret that holds Stripe's key, with `paymentGateway=stripe`. @default none */
  stripeSecret: string | undefined;
  /** Settings of all texts: `smsDefaultCountry`, `smsSenderId`, `smsCountries`, `smsPerDay`, `smsMaxPrice`, `smsQuietHours`. */
  sms: SmsSettings;
  /** Days events can be replayed. @default 30 */
  archiveDays: number;
  /** Concurrent instances of one consumer at most, 2 to 1000. @default 10 */
  consumerConcurrency: number;
  /** Messages per batch at most, 1 to 100; for the lifecycle feed 10 at most. @default 10 */
  batchSize: number;
  /** Seconds in which Lambda may gather a batch, 0 to 60: fewer calls, later messages. @default 0 */
  batchWindowSeconds: number;
  /** Hours after which an undecided order is cancelled; longer than the outage that is retried. @default 48 */
  orderDeadlineHours: number;
  /** Hours after which the customer of an undecided order is told that it is delayed, once; 0 = never. @default 0 */
  reminderHours: number;
  /** Days a function's log is kept. @default 30 */
  logDays: number;
  /** Other AWS accounts whose roles may publish orders, 12-digit ids. @default none */
  publisherAccounts: readonly string[];
  /** The e-mail address that alarms are sent to. @default nobody */
  alarmEmail: string | undefined;
};

const SECRET = /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}|[\w/+=.@-]{1,512})$/;
const QUIET_HOURS = /^([01]?\d|2[0-3])-([01]?\d|2[0-3])$/;
// https://docs.aws.amazon.com/sms-voice/latest/userguide/sender-id.html
const SENDER_ID = /^(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9-]{0,9}[A-Za-z0-9])?$/;
const COUNTRIES = /^(any|\+[1-9]\d{0,6}(,\+[1-9]\d{0,6})*)$/;
const ACCOUNT_IDS = /^\s*\d{12}\s*(,\s*\d{12}\s*)*$/;
const EMAIL = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;
const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,39}$/;

/** Reads the settings from the app's context; throws a sentence that names the setting and what it must be. */
export function readSettings(node: Node): Settings {
  const context = new Context(node);
  const stage = context.choice('stage', ['local', 'dev', 'prod'], 'dev');
  const orderDeadlineHours = context.integer('orderDeadlineHours', OUTAGE_HOURS + 1, 24 * 14, 2 * OUTAGE_HOURS);
  const accounts = context.matching(
    'publisherAccounts',
    ACCOUNT_IDS,
    'AWS account ids of 12 digits, separated by commas',
  );
  const settings: Settings = {
    stackName:
      context.matching('stackName', STACK_NAME, 'a letter, then at most 39 letters, digits and hyphens') ??
      'ShopMessaging',
    stage,
    encryption: context.choice('encryption', ['customer', 'aws'], 'customer'),
    textWhenPlaced: context.choice('textWhenPlaced', ['true', 'false'], 'false') === 'true',
    ...readPaymentGateway(context),
    sms: readSms(context, stage),
    archiveDays: context.integer('archiveDays', 1, 3650, 30),
    consumerConcurrency: context.integer('consumerConcurrency', 2, 1000, 10),
    ...readBatch(context),
    orderDeadlineHours,
    // A later reminder would come with the cancellation or after it.
    reminderHours: context.integer('reminderHours', 0, orderDeadlineHours - 1, 0),
    logDays: Number(context.choice('logDays', ['1', '7', '14', '30', '90', '180', '365'], '30')),
    publisherAccounts: [...new Set(accounts?.split(',').map((id) => id.trim()) ?? [])],
    alarmEmail: context.matching('alarmEmail', EMAIL, 'one e-mail address such as operators@example.com'),
  };
  context.refuseUnknown();
  return settings;
}

function readPaymentGateway(context: Context): Pick<Settings, 'paymentGateway' | 'stripeSecret'> {
  const paymentGateway = context.choice('paymentGateway', ['sandbox', 'stripe'], 'sandbox');
  const stripeSecret = context.matching('stripeSecret', SECRET, "a secret's name or its whole ARN");
  if (paymentGateway === 'stripe' && stripeSecret === undefined) {
    throw new Error('-c paymentGateway=stripe: needs -c stripeSecret=…, the name or ARN of the secret with its key');
  }
  if (paymentGateway !== 'stripe' && stripeSecret !== undefined) {
    throw new Error(`-c stripeSecret=${stripeSecret}: needs -c paymentGateway=stripe, or nothing would read it`);
  }
  return { paymentGateway, stripeSecret };
}

function readSms(context: Context, stage: Settings['stage']): SmsSettings {
  const quietHours = readQuietHours(context);
  const defaultCountry = readDefaultCountry(context, stage);
  const senderId = context.matching('smsSenderId', SENDER_ID, '1 to 11 letters, digits or -, with a letter among them');
  const countries = context.matching('smsCountries', COUNTRIES, 'any, or country codes such as +82,+1');
  return {
    ...(defaultCountry === undefined ? {} : { defaultCountry }),
    ...(senderId === undefined ? {} : { senderId }),
    ...(countries === undefined || countries === 'any' ? {} : { countries: countries.split(',') }),
    // The generated orders on this machine all have one of a few numbers.
    perDay: context.integer('smsPerDay', 0, 100, stage === 'local' ? 0 : 10),
    maxPrice: context.matching('smsMaxPrice', /^\d{1,2}(\.\d{1,5})?$/, 'US dollars such as 0.50') ?? '0.50',
    ...(quietHours === undefined ? {} : { quietHours }),
  };
}

function readDefaultCountry(context: Context, stage: Settings['stage']): CountryCode | undefined {
  const value = context.text('smsDefaultCountry') ?? (stage === 'local' ? 'KR' : undefined);
  if (value === undefined || isSupportedCountry(value)) return value;
  throw new Error(
    `-c smsDefaultCountry=${value}: must be the ISO 3166 code of a country, two capital letters such as KR`,
  );
}

function readQuietHours(context: Context): QuietHours | undefined {
  const rule = 'hours from and to, such as 21-8, at most 12 of them';
  const value = context.matching('smsQuietHours', QUIET_HOURS, rule);
  if (value === undefined) return undefined;
  const [from = 0, to = 0] = value.split('-').map(Number);
  if (from === to || (to - from + 24) % 24 > 12) throw new Error(`-c smsQuietHours=${value}: must be ${rule}`);
  return { from, to };
}

function readBatch(context: Context): Pick<Settings, 'batchSize' | 'batchWindowSeconds'> {
  const batchSize = context.integer('batchSize', 1, 100, 10);
  const batchWindowSeconds = context.integer('batchWindowSeconds', 0, 60, 0);
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  if (batchSize > 10 && batchWindowSeconds === 0) {
    throw new Error(`-c batchSize=${batchSize}: more than 10 needs -c batchWindowSeconds=1 or more`);
  }
  return { batchSize, batchWindowSeconds };
}
