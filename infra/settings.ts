import type { Node } from 'constructs';
import type { SmsSettings } from '../lambdas/notification/sms-settings.ts';
import { OUTAGE_HOURS } from '../lambdas/runtime/retry-policy.ts';

/** Everything a deployment can choose, with its default. Set with `cdk deploy -c name=value`. */
export type Settings = {
  /** Names the stack and what is named after it; another name makes a second shop in the account and region. @default ShopMessaging */
  stackName: string;
  /** `dev` and `local` can be destroyed, `prod` keeps its data. @default dev */
  stage: 'local' | 'dev' | 'prod';
  /**
   * What topics, queues, tables and logs are encrypted with: a key of the stack's own, or keys that AWS owns, which cost nothing.
   * @default customer
   */
  encryption: 'customer' | 'aws';
  /** Text the customer when the order is placed too, not only when it is decided. @default false */
  textWhenPlaced: boolean;
  /** Whom to charge through. @default sandbox */
  paymentGateway: 'sandbox' | 'stripe';
  /** The name or ARN of the secret that holds Stripe's key, with `paymentGateway=stripe`. @default none */
  stripeSecret: string | undefined;
  /** What holds for every text: `smsSenderId`, `smsCountries`, `smsPerDay`, `smsMaxPrice`, `smsQuietHours`. */
  sms: SmsSettings;
  /** Days events can be replayed. @default 30 */
  archiveDays: number;
  /** How many instances of one consumer may run at once, 2 to 1000. @default 10 */
  consumerConcurrency: number;
  /** How many messages a consumer is handed at once, 1 to 100; the sequence of orders' steps at most 10. @default 10 */
  batchSize: number;
  /** Seconds for which Lambda may gather a batch, 0 to 60: fewer calls for later messages. @default 0 */
  batchWindowSeconds: number;
  /** Hours after which an undecided order is cancelled; longer than the outage a consumer waits out. @default 48 */
  orderDeadlineHours: number;
  /** Hours after which the customer of an undecided order is told that it is delayed, once; 0 = never. @default 0 */
  reminderHours: number;
  /** Days a function's log is kept. @default 30 */
  logDays: number;
  /** Other AWS accounts whose roles may publish orders, 12-digit ids. @default none */
  publisherAccounts: readonly string[];
  /** Who is written to when an alarm goes off. @default nobody */
  alarmEmail: string | undefined;
};

const SECRET = /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}|[\w/+=.@-]{1,512})$/;
const QUIET_HOURS = /^([01]?\d|2[0-3])-([01]?\d|2[0-3])$/;
// https://docs.aws.amazon.com/sms-voice/latest/userguide/sender-id.html
const SENDER_ID = /^(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9-]{0,9}[A-Za-z0-9])?$/;
const COUNTRIES = /^(any|\+[1-9]\d{0,6}(,\+[1-9]\d{0,6})*)$/;

/** Takes the app's context and gives the settings; throws a sentence naming the setting and what it must be. */
export function readSettings(node: Node): Settings {
  const known = new Set<string>();
  const given = (name: string): string | undefined => {
    known.add(name);
    const value: unknown = node.tryGetContext(name);
    return value === undefined ? undefined : String(value);
  };
  const choice = <T extends string>(name: string, choices: readonly T[], fallback: T): T => {
    const value = given(name) ?? fallback;
    const found = choices.find((one) => one === value);
    if (found === undefined) throw new Error(`-c ${name}=${value}: must be one of ${choices.join(', ')}`);
    return found;
  };
  const whole = (name: string, least: number, most: number, fallback: number): number => {
    const value = Number(given(name) ?? fallback);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`-c ${name}=${given(name)}: must be a whole number from ${least} to ${most}`);
  };
  const accounts = (name: string): string[] => {
    const value = given(name);
    const ids = value?.split(',').map((id) => id.trim()) ?? [];
    if (ids.every((id) => /^\d{12}$/.test(id))) return [...new Set(ids)];
    throw new Error(`-c ${name}=${value}: must be AWS account ids of 12 digits, separated by commas`);
  };
  const orderDeadlineHours = whole('orderDeadlineHours', OUTAGE_HOURS + 1, 24 * 14, 2 * OUTAGE_HOURS);
  const address = (name: string): string | undefined => {
    const value = given(name);
    if (value === undefined || /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/.test(value)) return value;
    throw new Error(`-c ${name}=${value}: must be one e-mail address such as operators@example.com`);
  };
  const stage = choice('stage', ['local', 'dev', 'prod'], 'dev');
  const matching = (name: string, pattern: RegExp, rule: string): string | undefined => {
    const value = given(name);
    if (value === undefined || pattern.test(value)) return value;
    throw new Error(`-c ${name}=${value}: must be ${rule}`);
  };
  const paymentGateway = choice('paymentGateway', ['sandbox', 'stripe'], 'sandbox');
  const stripeSecret = matching('stripeSecret', SECRET, "a secret's name or its whole ARN");
  if (paymentGateway === 'stripe' && stripeSecret === undefined) {
    throw new Error('-c paymentGateway=stripe: needs -c stripeSecret=…, the name or ARN of the secret with its key');
  }
  if (paymentGateway !== 'stripe' && stripeSecret !== undefined) {
    throw new Error(`-c stripeSecret=${stripeSecret}: needs -c paymentGateway=stripe, or nothing would read it`);
  }
  const quiet = matching('smsQuietHours', QUIET_HOURS, 'hours from and to, such as 21-8, at most 12 of them');
  const [from = 0, to = 0] = quiet?.split('-').map(Number) ?? [];
  if (quiet !== undefined && (from === to || (to - from + 24) % 24 > 12)) {
    throw new Error(`-c smsQuietHours=${quiet}: must be hours from and to, such as 21-8, at most 12 of them`);
  }
  const senderId = matching('smsSenderId', SENDER_ID, '1 to 11 letters, digits or -, with a letter among them');
  const countries = matching('smsCountries', COUNTRIES, 'any, or country codes such as +82,+1');
  const sms: SmsSettings = {
    ...(senderId === undefined ? {} : { senderId }),
    ...(countries === undefined || countries === 'any' ? {} : { countries: countries.split(',') }),
    // The orders made up on this machine all go to a number or two.
    perDay: whole('smsPerDay', 0, 100, stage === 'local' ? 0 : 10),
    maxPrice: matching('smsMaxPrice', /^\d{1,2}(\.\d{1,5})?$/, 'US dollars such as 0.50') ?? '0.50',
    ...(quiet === undefined ? {} : { quietHours: { from, to } }),
  };
  const batchSize = whole('batchSize', 1, 100, 10);
  const batchWindowSeconds = whole('batchWindowSeconds', 0, 60, 0);
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  if (batchSize > 10 && batchWindowSeconds === 0) {
    throw new Error(`-c batchSize=${batchSize}: more than 10 needs -c batchWindowSeconds=1 or more`);
  }
  const stackName = given('stackName') ?? 'ShopMessaging';
  if (!/^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(stackName)) {
    throw new Error(`-c stackName=${stackName}: must be a letter, then at most 39 letters, digits and hyphens`);
  }
  const settings: Settings = {
    stackName,
    stage,
    encryption: choice('encryption', ['customer', 'aws'], 'customer'),
    textWhenPlaced: choice('textWhenPlaced', ['true', 'false'], 'false') === 'true',
    paymentGateway,
    stripeSecret,
    sms,
    archiveDays: whole('archiveDays', 1, 3650, 30),
    consumerConcurrency: whole('consumerConcurrency', 2, 1000, 10),
    batchSize,
    batchWindowSeconds,
    orderDeadlineHours,
    // Later it would come with the cancellation or after it.
    reminderHours: whole('reminderHours', 0, orderDeadlineHours - 1, 0),
    logDays: Number(choice('logDays', ['1', '7', '14', '30', '90', '180', '365'], '30')),
    publisherAccounts: accounts('publisherAccounts'),
    alarmEmail: address('alarmEmail'),
  };
  // What CDK itself keeps there has other signs in its name.
  const unknown = Object.keys(node.getAllContext()).find((name) => /^\w+$/.test(name) && !known.has(name));
  if (unknown !== undefined) {
    throw new Error(`-c ${unknown}: there is no such setting; there are ${[...known].sort().join(', ')}`);
  }
  return settings;
}
