import { expect, test } from 'vitest';
import { between, fill } from '../../ops/estimate/batches.ts';
import { type Measurements, measurements } from '../../ops/estimate/calls.ts';
import { millisecondsOf } from '../../ops/estimate/compute.ts';
import { estimate, linesOf } from '../../ops/estimate/estimate.ts';
import type { Facts } from '../../ops/estimate/facts.ts';
import { pricesFrom } from '../../ops/estimate/price-file.ts';
import { cost, listPrices } from '../../ops/estimate/prices.ts';
import { figure } from '../../ops/estimate/report.ts';
import { DAYS_PER_MONTH, type Situation, type Station, stationsOf } from '../../ops/estimate/stations.ts';
import { variations } from '../../ops/estimate/variations.ts';

const mapping = { batchSize: 10, windowSeconds: 0, fifo: false };
const facts: Facts = {
  functions: { payment: { memoryMb: 512, architecture: 'arm64' } },
  mappings: { payment: mapping },
  bodyFilters: { topic: 1, feed: 0 },
  feedSubscriptions: 1,
  unfiltered: false,
  tables: { payments: { pointInTime: true, customerKey: true } },
  keyReuse: { topics: [300], queues: [300] },
  keys: 1,
  secrets: 1,
  alarmMetrics: 4,
  dashboards: 1,
  logDays: 30,
  archiveDays: 0,
  busArchiveDays: 0,
  sweepMinutes: 5,
  traced: true,
  textsCounted: false,
};
const measured: Measurements = measurements();
const situation = (changes: Partial<Facts> = {}, ordersPerDay = 10_000): Situation => ({
  facts: { ...facts, ...changes },
  measured,
  ordersPerDay,
});
const line = (given: Situation, what: string) => {
  const found = linesOf(given).find((one) => one.what === what);
  if (found === undefined) throw new Error(`There is no line ${what}`);
  return found;
};

test('a batch holds what comes within the window, at least one message and at most the batch size', () => {
  expect(fill(100, { batchSize: 10, windowSeconds: 0 })).toBe(1);
  expect(fill(0.5, { batchSize: 10, windowSeconds: 5 })).toBe(2.5);
  expect(fill(0.01, { batchSize: 10, windowSeconds: 5 })).toBe(1);
  expect(fill(100, { batchSize: 10, windowSeconds: 5 })).toBe(10);
});

test('between batches of 1 and 10 a part is paid per message and a part per batch', () => {
  expect(between(2, 0.2, 1)).toBeCloseTo(2);
  expect(between(2, 0.2, 10)).toBeCloseTo(0.2);
  expect(between(2, 0.2, 4)).toBeCloseTo(0.5);
  expect(between(1, 1, 7)).toBeCloseTo(1);
  expect(between(3, 1.2, 100)).toBeCloseTo(1.02);
});

test('a cost is units by price', () => {
  expect(cost(2_500_000, { amount: 0.4, per: 1_000_000, unit: 'requests' })).toBeCloseTo(1);
});

test('everything that is counted has a price, and all prices are dollars for a number of units', () => {
  const used = new Set(linesOf(situation({ archiveDays: 30, busArchiveDays: 30 })).map(({ price }) => price));
  for (const id of used) expect(listPrices.prices[id], id).toBeDefined();
  for (const [id, { amount, per }] of Object.entries(listPrices.prices)) {
    expect(amount, id).toBeGreaterThan(0);
    expect(per, id).toBeGreaterThan(0);
  }
});

test('the total is the sum of the services, and these of their lines', () => {
  const { lines, services, total } = estimate(situation(), listPrices);
  const sum = (figures: readonly { perMonth: number }[]) => figures.reduce((all, one) => all + one.perMonth, 0);
  expect(sum(Object.values(services))).toBeCloseTo(total.perMonth, 9);
  expect(sum(lines)).toBeCloseTo(total.perMonth, 9);
  expect(total.perMillionOrders).toBeGreaterThan(0);
});

test('what an order takes is multiplied by the orders of a month, what a month takes is not', () => {
  const many = estimate(situation({}, 20_000), listPrices).lines;
  const few = estimate(situation({}, 10_000), listPrices).lines;
  const of = (lines: typeof many, what: string) => lines.find((one) => one.what === what)?.perMonth;
  expect(of(few, 'orders published')).toBeCloseTo((10_000 * DAYS_PER_MONTH * 0.5) / 1_000_000);
  expect(of(many, 'orders published')).toBeCloseTo(2 * (of(few, 'orders published') ?? 0));
  expect(of(many, 'alarms')).toBe(of(few, 'alarms'));
});

test('a full batch is received and deleted once for ten messages', () => {
  const sent = 'sent, received, deleted (standard)';
  const atOne = line(situation(), sent).perOrder ?? 0;
  const atTen = line(situation({ mappings: { payment: { ...mapping, windowSeconds: 1e9 } } }), sent).perOrder ?? 0;
  expect(atOne).toBeCloseTo(3);
  expect(atTen).toBeCloseTo(1.2);
});

test('a batch of a hundred takes ten receives', () => {
  const hundred = situation({ mappings: { payment: { ...mapping, batchSize: 100, windowSeconds: 1e9 } } });
  expect(line(hundred, 'sent, received, deleted (standard)').perOrder).toBeCloseTo(1.2);
});

test('memory shortens computing and not waiting', () => {
  const station: Station = {
    name: 'stock',
    fifo: false,
    messages: 1,
    messageBytes: 400,
    batch: 1,
    invocations: 1,
    calls: { 'dynamodb.GetItem': 1 },
  };
  const [small, large] = [256, 1024].map((memory) => millisecondsOf(station, memory)) as [number, number];
  expect(small).toBeGreaterThan(large);
  expect(large).toBeGreaterThan(8);
});

test('without a window, a customer, an archive or X-Ray their lines cost nothing', () => {
  const services = Object.keys(estimate(situation({ keys: 0, secrets: 0, traced: false }), listPrices).services);
  expect(services).not.toContain('KMS');
  expect(services).not.toContain('X-Ray');
  expect(linesOf(situation()).some(({ what }) => what.startsWith('our archive'))).toBe(false);
});

test('our archive writes the messages of a batch together, and no other setting of batches is its', () => {
  const archive = { batchSize: 1_000, windowSeconds: 60, fifo: false };
  const archived = (given: typeof archive) =>
    situation({ mappings: { payment: mapping, archive: given }, archiveDays: 30 });
  const writes = (given: typeof archive) => line(archived(given), 'our archive: writes').perOrder ?? 0;
  expect(writes({ ...archive, windowSeconds: 0 })).toBe(9);
  expect(writes(archive)).toBeLessThan(1);
  const full = { ...archive, windowSeconds: 1e9 };
  expect(writes(full)).toBeCloseTo((9 * 64) / 1_000);
  expect(line(archived(full), 'our archive: kept').fixed).toBeLessThan(
    (line(archived({ ...archive, windowSeconds: 0 }), 'our archive: kept').fixed ?? 0) / 5,
  );
  const all = variations(archived(archive), listPrices);
  expect(all.find(({ to }) => to === '10, 0 s')?.difference).toBeCloseTo(0);
});

test('counting texts by number is one more write', () => {
  const [plain, counted] = [false, true].map(
    (textsCounted) => line(situation({ textsCounted }), 'writes').perOrder ?? 0,
  );
  expect((counted ?? 0) - (plain ?? 0)).toBe(1);
});

test('X-Ray records one trace a second and a twentieth of the rest', () => {
  const perSecond = (ordersPerDay: number) =>
    (line(situation({}, ordersPerDay), 'traces sampled').fixed ?? 0) / (DAYS_PER_MONTH * 86_400);
  expect(perSecond(8_640)).toBeCloseTo(0.2);
  expect(perSecond(864_000)).toBeCloseTo(1 + 0.05 * 19);
});

test('a consumer that was never measured is named', () => {
  expect(() => stationsOf(situation({ mappings: { loyalty: mapping } }))).toThrow(/loyalty was never measured/);
});

test('each variation is compared with what is deployed, and setting what is deployed changes nothing', () => {
  const all = variations(situation(), listPrices);
  const difference = (setting: string, to: string) =>
    all.find((one) => one.setting === setting && one.to === to)?.difference;
  expect(difference('memory', '512 MB')).toBeCloseTo(0);
  expect(difference('batch size, window', '10, 0 s')).toBeCloseTo(0);
  expect(difference('logDays', '30')).toBeCloseTo(0);
  expect(difference('batches', 'full at 10 (a backlog, a peak)')).toBeLessThan(0);
  expect(difference('filter policies and rule patterns', 'none: everything to everybody')).toBeGreaterThan(0);
  expect(difference('encryption', "AWS's own keys")).toBeLessThan(-1);
  expect(difference('X-Ray', 'off')).toBeLessThan(0);
});

test('a price file replaces prices by name and says which are not its own', () => {
  const file = { region: 'ap-northeast-2', date: '2026-11-01', prices: { 'dynamodb.write': 0.68 } };
  const { region, date, prices, checked } = pricesFrom(JSON.stringify(file));
  expect({ region, date }).toEqual({ region: 'ap-northeast-2', date: '2026-11-01' });
  expect(prices['dynamodb.write']).toEqual({ amount: 0.68, per: 1_000_000, unit: 'write request units' });
  expect(prices['dynamodb.read']).toEqual(listPrices.prices['dynamodb.read']);
  expect(checked).toContain('dynamodb.read');
  expect(checked).not.toContain('dynamodb.write');
});

test.each([
  ['{', /not JSON/],
  ['[]', /must be a JSON object/],
  ['{"region": "x", "date": "soon", "prices": {}}', /needs "region", "date"/],
  ['{"region": "x", "date": "2026-11-21", "prices": {"sns.publsh": 1}}', /nothing with the price "sns.publsh"/],
  ['{"region": "x", "date": "2026-11-21", "prices": {"sns.publish": "1"}}', /must be a number of dollars/],
])('a price file with a mistake is refused with a sentence: %s', (text, sentence) => {
  expect(() => pricesFrom(text)).toThrow(sentence);
});

test('figures show three digits that matter', () => {
  expect([0, 0.0000021, 0.615, 26, 1234.5].map(figure)).toEqual(['', '2.1e-6', '0.615', '26', '1,235']);
});
