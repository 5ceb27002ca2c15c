import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMeasurements } from '../../ops/estimate/calls.ts';
import type { Scenario } from '../../ops/estimate/load.ts';
import { parseGranted, type QuotaSettings, quotaUses } from '../../ops/estimate/quota-use.ts';
import { defaultLimit, quotaEntries, quotas } from '../../ops/estimate/quotas.ts';
import { quotasPage } from '../../ops/estimate/quotas-page.ts';
import type { TemplateFacts } from '../../ops/estimate/template.ts';
import { deployedByDefault } from '../builders/deployed-facts.ts';

const facts: TemplateFacts = {
  architecture: 'arm64',
  partners: [],
  endpoints: [],
  bodyFilters: { topic: 1, feed: 0 },
  feedSubscriptions: 1,
  topics: 2,
  tables: 6,
  pointInTimeRecovery: true,
  keys: 1,
  secrets: 1,
  alarmMetrics: 4,
  compositeAlarms: 2,
  dashboards: 1,
  logDays: 30,
  buckets: 1,
  archiveDays: 30,
  busArchiveDays: 30,
  traced: true,
  textsLimited: true,
  ...deployedByDefault,
};
const scenario = (ordersPerDay: number, changes: Partial<TemplateFacts> = {}): Scenario => ({
  facts: { ...facts, ...changes },
  measured: readMeasurements(),
  ordersPerDay,
});
const inVirginia: QuotaSettings = { region: 'us-east-1', peak: 1, granted: {} };
const use = (id: string, given: Scenario, settings: Partial<QuotaSettings> = {}) => {
  const found = quotaUses(given, { ...inVirginia, ...settings }).find((one) => one.id === id);
  if (found === undefined) throw new Error(`There is no quota ${id}`);
  return found;
};
const perSecond = (id: string, settings: Partial<QuotaSettings> = {}, changes: Partial<TemplateFacts> = {}) =>
  use(id, scenario(1, changes), settings).reachedAt?.perSecond;

describe('The quotas of a fresh account', () => {
  test('are met at the rates that the measured calls per order come to', () => {
    // An order, five steps and a text.
    expect(perSecond('sns-publish', { region: 'eu-south-1' })).toBeCloseTo(300 / 7, 1);
    expect(perSecond('sns-fifo', { region: 'eu-south-1' })).toBeCloseTo(600, 0);
    expect(perSecond('sms-rate')).toBeCloseTo(20, 1);
    // Three outcomes, three decisions, five events each to both archives.
    expect(perSecond('events-invocations', { region: 'eu-south-1' })).toBeCloseTo(750 / 16, 1);
    expect(perSecond('events-invocations', { region: 'eu-south-1' }, { busArchiveDays: 0 })).toBeCloseTo(750 / 11, 1);
    // One text of 5 cents twenty times a month.
    expect(use('sms-spend', scenario(1)).reachedAt?.perDay).toBeCloseTo(20 / 30.4, 3);
  });

  test('a partner takes an invocation for each event that it gets', () => {
    const partners = [['shop.order.confirmed.v1'], 'lifecycle' as const];
    expect(perSecond('events-invocations', { region: 'eu-south-1' }, { partners })).toBeCloseTo(750 / 17, 1);
  });

  test('ten executions at once are met at a few orders a second, and a thousand never, for the consumers are limited themselves', () => {
    const rate = perSecond('lambda-concurrency') ?? 0;
    expect(rate).toBeGreaterThan(5);
    expect(rate).toBeLessThan(9);
    expect(use('lambda-concurrency', scenario(rate * 86_400)).used).toBeCloseTo(10, 1);
    expect(use('lambda-concurrency', scenario(1), { granted: { 'lambda-concurrency': 1_000 } }).reachedAt).toBeNull();
    const most = use('lambda-concurrency', scenario(50_000_000));
    expect(most.used).toBeLessThanOrEqual(Object.keys(facts.mappings).length * 10);
    expect(most.used).toBeGreaterThan(30);
    expect(most.met).toBe(true);
  });

  test('KMS is never met, whatever the rate', () => {
    expect(use('kms', scenario(1_000_000)).reachedAt).toBeNull();
  });

  test('use grows with the rate, but for a few percent where batches grow', () => {
    const rates = Array.from({ length: 40 }, (_, step) => quotaUses(scenario(10 ** (step / 5)), inVirginia));
    for (const [index, uses] of rates.entries()) {
      for (const { id, used } of uses)
        expect(used, id).toBeGreaterThan(0.9 * (rates[index - 1]?.find((one) => one.id === id)?.used ?? 0));
    }
  });

  test('what a rate meets comes first, and what more orders would meet after it, in that sequence', () => {
    const uses = quotaUses(scenario(1_000_000), inVirginia);
    expect(uses.filter(({ met }) => met).map(({ id }) => id)).toEqual(['sms-spend', 'lambda-concurrency']);
    expect(uses.map(({ met }) => met)).toEqual(uses.map((_, index) => index < 2));
    const rates = uses.map(({ reachedAt }) => reachedAt?.perDay ?? Number.POSITIVE_INFINITY);
    expect(rates).toEqual(rates.toSorted((one, other) => one - other));
  });

  test('are judged at the peak, but for what is spent in a month', () => {
    const atPeak = (id: string) => use(id, scenario(10_000), { peak: 12 }).used / use(id, scenario(10_000)).used;
    expect(atPeak('sns-publish')).toBeCloseTo(12);
    expect(atPeak('sms-spend')).toBe(1);
    expect(use('sms-rate', scenario(1), { peak: 10 }).reachedAt?.perDay).toBeCloseTo((20 / 10) * 86_400, -2);
  });

  test('a limit that was granted takes the place of the default', () => {
    expect(use('sms-spend', scenario(1), { granted: { 'sms-spend': 500 } })).toMatchObject({ limit: 500, met: false });
  });

  test('a region that is not listed has the smallest', () => {
    expect(defaultLimit(quotas['events-put'], 'eu-west-1')).toBe(10_000);
    for (const [id, quota] of quotaEntries()) {
      const regional: number[] = typeof quota.limit === 'number' ? [] : Object.values(quota.limit.regions);
      for (const limit of regional) expect(limit, id).toBeGreaterThan(defaultLimit(quota, 'xx-new-1'));
    }
  });
});

test('the setting that limits a consumer is met where all its batches are full', () => {
  const { reachedAt, name } = use('consumer-concurrency', scenario(1));
  expect(name).toContain('payment');
  const batches = (rate: number) => use('consumer-concurrency', scenario(rate * 86_400));
  expect(batches((reachedAt?.perSecond ?? 0) * 1.01).met).toBe(true);
  expect(batches((reachedAt?.perSecond ?? 0) * 0.99).met).toBe(false);
  const twice = { ...facts.mappings, payment: { ...deployedByDefault.mappings.payment, concurrency: 20 } };
  expect(perSecond('consumer-concurrency', {}, { mappings: twice })).toBeCloseTo(2 * (reachedAt?.perSecond ?? 0), -1);
});

test.each([
  [{ 'lambda-concurency': '1000' }, /no quota "lambda-concurency". Known: sms-spend/],
  [{ toString: '1' }, /no quota "toString"/],
  [{ 'sms-rate': 'many' }, /"sms-rate" must be a number above 0/],
  [{ 'sms-rate': '0' }, /must be a number above 0/],
])('a granted limit that cannot be meant is refused: %j', (given, sentence) => {
  expect(() => parseGranted(given)).toThrow(sentence);
});

test('docs/quotas.md is what the estimate reckons with', async () => {
  const page = quotasPage((region) => quotaUses(scenario(1), { ...inVirginia, region }));
  await expect(page).toMatchFileSnapshot(join(import.meta.dirname, '..', '..', 'docs', 'quotas.md'));
});
