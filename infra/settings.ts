import type { Node } from 'constructs';
import { OUTAGE_HOURS } from '../lambdas/runtime/backoff.ts';

/** Everything a deployment can choose, with its default. Set with `cdk deploy -c name=value`. */
export type Settings = {
  /** `dev` and `local` can be destroyed, `prod` keeps its data. @default dev */
  stage: 'local' | 'dev' | 'prod';
  /** Text the customer when the order is placed too, not only when it is decided. @default false */
  textWhenPlaced: boolean;
  /** Days events can be replayed. @default 30 */
  archiveDays: number;
  /** How many instances of one consumer may run at once, 2 to 1000. @default 10 */
  consumerConcurrency: number;
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

/** Takes the app's context and gives the settings; throws a sentence naming the setting and what it must be. */
export function settingsFrom(node: Node): Settings {
  const given = (name: string): string | undefined => {
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
  return {
    stage: choice('stage', ['local', 'dev', 'prod'], 'dev'),
    textWhenPlaced: choice('textWhenPlaced', ['true', 'false'], 'false') === 'true',
    archiveDays: whole('archiveDays', 1, 3650, 30),
    consumerConcurrency: whole('consumerConcurrency', 2, 1000, 10),
    orderDeadlineHours,
    // Later it would come with the cancellation or after it.
    reminderHours: whole('reminderHours', 0, orderDeadlineHours - 1, 0),
    logDays: Number(choice('logDays', ['1', '7', '14', '30', '90', '180', '365'], '30')),
    publisherAccounts: accounts('publisherAccounts'),
    alarmEmail: address('alarmEmail'),
  };
}
