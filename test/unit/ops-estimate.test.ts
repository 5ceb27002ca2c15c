import { describe, expect, test } from 'vitest';
import { meanBatch } from '../../ops/estimate/batches.ts';
import { readMeasurements } from '../../ops/estimate/calls.ts';
import { assumed, billedMilliseconds, type ConsumerLoad } from '../../ops/estimate/compute.ts';
import { estimate, variations } from '../../ops/estimate/estimate.ts';
import { consumerLoads, DAYS_PER_MONTH, interpolate, ORDINARY_EVENTS, type Scenario } from '../../ops/estimate/load.ts';
import { cost, listPrices, parsePriceFile } from '../../ops/estimate/prices.ts';
import type { TemplateFacts } from '../../ops/estimate/template.ts';
import { usageOf } from '../../ops/estimate/usage.ts';

const mapping = { batchSize: 10, windowSeconds: 0, concurrency: 10, fifo: false, memoryMb: 512 };
const facts: TemplateFacts = {
  architecture: 'arm64',
  mappings: { payment: mapping },
  partners: [],
  endpoints: [],
  bodyFilters: { topic: 1, feed: 0 },
  topicSubscriptions: 5,
  feedSubscriptions: 1,
  topics: 1,
  tables: 1,
  pointInTimeRecovery: true,
  keys: 1,
  secrets: 1,
  alarmMetrics: 4,
  compositeAlarms: 3,
  dashboards: 1,
  logDays: 30,
  buckets: 1,
  archiveDays: 0,
  busArchiveDays: 0,
  traced: true,
  textsLimited: false,
};
const scenario = (changes: Partial<TemplateFacts> = {}, ordersPerDay = 10_000): Scenario => ({
  facts: { ...facts, ...changes },
  measured: readMeasurements(),
  ordersPerDay,
});
const usage = (given: Scenario, what: string) => {
  const found = usageOf(given).find((one) => one.what === what);
  if (found === undefined) throw new Error(`There is no usage ${what}`);
  return found;
};

const messagesOf = (consumer: string) => readMeasurements().batches['1'].consumers[consumer]?.messages ?? 0;

describe('The mean batch', () => {
  // A batch takes 50 ms, and 5 ms for each of its messages.
  const seconds = (batch: number) => 0.05 + 0.005 * batch;
  const mean = (messagesPerSecond: number, changes: Partial<typeof mapping> = {}) =>
    meanBatch(messagesPerSecond, { ...mapping, ...changes }, seconds);

  test('is one message at a slow rate, and the batch size at a fast one', () => {
    expect(mean(0)).toBe(1);
    expect(mean(0.01)).toBeCloseTo(1, 6);
    expect(mean(1)).toBeCloseTo(1, 3);
    expect(mean(10_000)).toBe(10);
  });

  test('grows with the rate, and is never less than one message or more than the batch size', () => {
    const rates = Array.from({ length: 120 }, (_, step) => 10 ** (step / 20 - 2));
    for (const changes of [{}, { windowSeconds: 1 }, { concurrency: 2 }, { batchSize: 1 }, { batchSize: 100 }]) {
      const batches = rates.map((rate) => mean(rate, changes));
      expect(Math.min(...batches)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...batches)).toBe(changes.batchSize ?? 10);
      expect(batches).toEqual(batches.toSorted((one, other) => one - other));
    }
  });

  test('begins to grow where every instance is busy, and is then what keeps them so', () => {
    // Ten instances do 182 messages a second one by one.
    expect(mean(20)).toBeLessThan(1.01);
    expect(mean(182)).toBeGreaterThan(1.3);
    const batch = mean(600);
    // As many messages as come while a batch is done, in each instance, and e^-r more.
    expect(batch).toBeGreaterThan((600 * seconds(batch)) / 10);
    expect(batch).toBeCloseTo((600 * seconds(batch)) / 10, 0);
  });

  test('is smaller with more instances', () => {
    expect(mean(300, { concurrency: 2 })).toBeGreaterThan(mean(300, { concurrency: 10 }));
    expect(mean(300, { concurrency: 1_000 })).toBeCloseTo(1, 3);
  });

  test('is what arrives in a window, however idle the instances are', () => {
    const idle = { concurrency: 1_000 };
    expect(mean(0.5, { ...idle, windowSeconds: 5 })).toBeCloseTo(2.5);
    expect(mean(0.01, { ...idle, windowSeconds: 5 })).toBeCloseTo(1, 6);
    expect(mean(100, { ...idle, windowSeconds: 5 })).toBe(10);
  });
});

test('at a million orders a day the batches of payment, which waits for its gateway, are more than one message', () => {
  const batch = (ordersPerDay: number) => consumerLoads(scenario({}, ordersPerDay))[0]?.batch ?? 0;
  expect(batch(1_000)).toBeCloseTo(1, 3);
  expect(batch(1_000_000)).toBeGreaterThan(1.3);
  expect(batch(10_000_000)).toBe(10);
});

test('interpolation between batches of 1 and 10 has a cost per message and a cost per batch', () => {
  expect(interpolate(2, 0.2, 1)).toBeCloseTo(2);
  expect(interpolate(2, 0.2, 10)).toBeCloseTo(0.2);
  expect(interpolate(2, 0.2, 4)).toBeCloseTo(0.5);
  expect(interpolate(1, 1, 7)).toBeCloseTo(1);
  expect(interpolate(3, 1.2, 100)).toBeCloseTo(1.02);
});

test('a cost is units times price', () => {
  expect(cost(2_500_000, { amount: 0.4, per: 1_000_000, unit: 'requests' })).toBeCloseTo(1);
});

test('all usage has a price, and all prices are dollars for a number of units', () => {
  const used = new Set(usageOf(scenario({ archiveDays: 30, busArchiveDays: 30 })).map(({ price }) => price));
  for (const id of used) expect(listPrices.prices[id], id).toBeDefined();
  for (const [id, { amount, per }] of Object.entries(listPrices.prices)) {
    expect(amount, id).toBeGreaterThan(0);
    expect(per, id).toBeGreaterThan(0);
  }
});

test('the total is the sum of the services, and each service the sum of its lines', () => {
  const { lines, services, total } = estimate(scenario(), listPrices);
  const sum = (figures: readonly { perMonth: number }[]) => figures.reduce((all, one) => all + one.perMonth, 0);
  expect(sum(Object.values(services))).toBeCloseTo(total.perMonth, 9);
  expect(sum(lines)).toBeCloseTo(total.perMonth, 9);
  expect(total.perMillionOrders).toBeGreaterThan(0);
});

test('usage per order grows with the orders of a month, fixed usage does not', () => {
  const many = estimate(scenario({}, 20_000), listPrices).lines;
  const few = estimate(scenario({}, 10_000), listPrices).lines;
  const of = (lines: typeof many, what: string) => lines.find((one) => one.what === what)?.perMonth;
  expect(of(few, 'orders published')).toBeCloseTo((10_000 * DAYS_PER_MONTH * 0.5) / 1_000_000);
  expect(of(many, 'orders published')).toBeCloseTo(2 * (of(few, 'orders published') ?? 0));
  expect(of(many, 'alarms')).toBe(of(few, 'alarms'));
});

test('a full batch takes one receive and one delete for ten messages', () => {
  const sent = 'send, receive, delete (standard)';
  const atOne = usage(scenario(), sent).perOrder ?? 0;
  const atTen = usage(scenario({ mappings: { payment: { ...mapping, windowSeconds: 1e9 } } }), sent).perOrder ?? 0;
  expect(atOne / messagesOf('payment')).toBeCloseTo(3);
  expect(atTen / messagesOf('payment')).toBeCloseTo(1.2);
});

test('the events of an ordinary order are as many as were measured', () => {
  expect(ORDINARY_EVENTS).toHaveLength(readMeasurements().batches['1'].busEvents.count);
});

test('a partner costs its queue three requests for each event that an order makes, and one poller', () => {
  const rare = 'shop.order.refused.v1';
  const sent = (kind: string, partners: TemplateFacts['partners']) =>
    usageOf(scenario({ partners })).find(({ what }) => what === `send, receive, delete (${kind})`)?.perOrder ?? 0;
  expect(sent('standard', [['shop.order.confirmed.v1', rare]]) - sent('standard', [])).toBeCloseTo(3);
  expect(sent('standard', [[rare]]) - sent('standard', [])).toBe(0);
  expect(sent('FIFO', ['lifecycle'])).toBeCloseTo(3 * readMeasurements().batches['1'].feedEvents.count);
  const polls = (partners: TemplateFacts['partners']) =>
    usage(scenario({ partners }), 'empty receives (standard)').fixed;
  expect(polls([[rare]]) / polls([])).toBeCloseTo(6 / 5);
});

test('an endpoint costs an invocation, which waits for it, for each event that an order makes', () => {
  const endpoints = [['shop.order.confirmed.v1', 'shop.payment.captured.v1'], ['shop.order.confirmed.v1']];
  const given = (mappings: TemplateFacts['mappings']) => scenario({ mappings, endpoints });
  const [webhooks] = consumerLoads(given({ webhooks: mapping }));
  expect(webhooks).toMatchObject({ messages: 3, invocations: expect.closeTo(3, 2) });
  expect(billedMilliseconds(webhooks as ConsumerLoad)).toBeGreaterThan(assumed.gateway);
  for (const { perOrder, fixed } of usageOf(scenario({ mappings: { webhooks: mapping }, endpoints: [['rare']] })))
    expect([perOrder, fixed].every(Number.isFinite)).toBe(true);
});

test('a batch of a hundred takes ten receives', () => {
  const hundred = scenario({ mappings: { payment: { ...mapping, batchSize: 100, windowSeconds: 1e9 } } });
  const { perOrder } = usage(hundred, 'send, receive, delete (standard)');
  expect(perOrder / messagesOf('payment')).toBeCloseTo(1.2);
});

test('memory shortens CPU time and not waiting', () => {
  const load: ConsumerLoad = {
    name: 'stock',
    fifo: false,
    memoryMb: 512,
    messages: 1,
    messageBytes: 400,
    batch: 1,
    invocations: 1,
    calls: { 'dynamodb.GetItem': 1 },
  };
  const [small, large] = [256, 1024].map((memoryMb) => billedMilliseconds({ ...load, memoryMb })) as [number, number];
  expect(small).toBeGreaterThan(large);
  expect(large).toBeGreaterThan(8);
});

test('payment waits for the gateway in each batch: an order that is authorized and captured waits twice', () => {
  const load: ConsumerLoad = {
    name: 'payment',
    fifo: false,
    memoryMb: 512,
    messages: 2,
    messageBytes: 400,
    batch: 1,
    invocations: 2,
    calls: {},
  };
  const others = billedMilliseconds({ ...load, name: 'stock' });
  const waits = billedMilliseconds(load) - others;
  expect(waits * load.invocations).toBeCloseTo(2 * assumed.gateway);
});

test('filters read orders, whose size the messages of payment do not tell', () => {
  const withPaymentBytes = (messageBytes: number): Scenario => {
    const { batches, about } = readMeasurements();
    const { consumers } = batches['1'];
    const payment = { invocations: 2, messages: 2, calls: {}, ...consumers.payment, messageBytes };
    const one = { ...batches['1'], consumers: { ...consumers, payment } };
    return { ...scenario(), measured: { about, batches: { ...batches, '1': one } } };
  };
  const filtered = (messageBytes: number) => usage(withPaymentBytes(messageBytes), 'filters on the body').perOrder;
  expect(filtered(100)).toBe(filtered(10_000));
});

test('a service that is not used is left out', () => {
  const services = Object.keys(estimate(scenario({ keys: 0, secrets: 0, traced: false }), listPrices).services);
  expect(services).not.toContain('KMS');
  expect(services).not.toContain('X-Ray');
  expect(usageOf(scenario()).some(({ what }) => what.startsWith('archive'))).toBe(false);
});

test('the archive writes one object per batch, and the batch settings do not apply to it', () => {
  const archive = { batchSize: 1_000, windowSeconds: 60, concurrency: 10, fifo: false, memoryMb: 512 };
  const archived = (given: typeof archive) =>
    scenario({ mappings: { payment: mapping, archive: given }, archiveDays: 30 });
  const puts = (given: typeof archive) => usage(archived(given), 'archive: objects written').perOrder ?? 0;
  const { busEvents, feedEvents } = readMeasurements().batches['1'];
  const messages = 1 + busEvents.count + feedEvents.count;
  expect(puts({ ...archive, windowSeconds: 0 })).toBeCloseTo(messages, 3);
  expect(puts(archive)).toBeLessThan(1);
  const full = { ...archive, windowSeconds: 1e9 };
  expect(puts(full)).toBeCloseTo(messages / 1_000);
  expect(usage(archived(full), 'archive: storage').fixed).toBeLessThan(
    (usage(archived({ ...archive, windowSeconds: 0 }), 'archive: storage').fixed ?? 0) / 5,
  );
  const all = variations(archived(archive), listPrices);
  expect(all.find(({ to }) => to === '10, 0')?.difference).toBeCloseTo(0);
});

test('a daily limit of texts takes one more write per text', () => {
  const [plain, counted] = [false, true].map(
    (textsLimited) => usage(scenario({ textsLimited }), 'records: writes').perOrder ?? 0,
  );
  expect((counted ?? 0) - (plain ?? 0)).toBe(1);
});

test('X-Ray samples one trace per second and a twentieth of the rest', () => {
  const mappings = { payment: { ...mapping, batchSize: 1 } };
  const perSecond = (ordersPerDay: number) =>
    (usage(scenario({ mappings }, ordersPerDay), 'traces sampled').fixed ?? 0) / (DAYS_PER_MONTH * 86_400);
  // One of the publication, and in batches of 1 one of each message.
  const traces = 1 + messagesOf('payment');
  expect(perSecond(8_640)).toBeCloseTo(0.1 * traces);
  expect(perSecond(864_000)).toBeCloseTo(1 + 0.05 * (10 * traces - 1));
});

test('a consumer without a measurement is named', () => {
  expect(() => consumerLoads(scenario({ mappings: { loyalty: mapping } }))).toThrow(/loyalty was never measured/);
});

test('each setting changes the monthly cost in its direction, and the deployed value changes nothing', () => {
  const all = variations(scenario({}, 100_000), listPrices);
  const difference = (setting: string, to: string) =>
    all.find((one) => one.setting === setting && one.to === to)?.difference;
  expect(difference('memory', '512 MB')).toBeCloseTo(0);
  expect(difference('batchSize, batchWindowSeconds', '10, 0')).toBeCloseTo(0);
  expect(difference('logDays', '30')).toBeCloseTo(0);
  expect(difference('batches', 'full at 10 (a backlog, a peak)')).toBeLessThan(0);
  expect(difference('batchSize, batchWindowSeconds', '10, 5')).toBeLessThan(0);
  expect(difference('memory', '1024 MB')).toBeGreaterThan(0);
  expect(difference('encryption', 'customer')).toBeCloseTo(0);
  expect(difference('archiveDays', '365')).toBeGreaterThan(0);
  expect(difference('logDays', '365')).toBeGreaterThan(0);
  expect(difference('encryption', 'aws')).toBeLessThan(-1);
  expect(difference('tracing', 'false')).toBeLessThan(0);
});

test('a price file replaces prices by name, and those it leaves out are named', () => {
  const file = { region: 'ap-northeast-2', date: '2026-11-01', prices: { 'dynamodb.write': 0.68 } };
  const { region, date, prices, checked } = parsePriceFile(JSON.stringify(file));
  expect({ region, date }).toEqual({ region: 'ap-northeast-2', date: '2026-11-01' });
  expect(prices['dynamodb.write']).toEqual({ amount: 0.68, per: 1_000_000, unit: 'write request units' });
  expect(prices['dynamodb.read']).toEqual(listPrices.prices['dynamodb.read']);
  expect(checked).toContain('dynamodb.read');
  expect(checked).not.toContain('dynamodb.write');
});

test.each([
  ['{', /not JSON/],
  ['[]', /needs "region", "date"/],
  ['{"region": "x", "date": "soon", "prices": {}}', /needs "region", "date"/],
  ['{"region": "x", "date": "2026-11-21", "prices": {"sns.publsh": 1}}', /no price "sns.publsh"/],
  ['{"region": "x", "date": "2026-11-21", "prices": {"sns.publish": "1"}}', /must be a number of dollars/],
])('a malformed price file is refused: %s', (text, sentence) => {
  expect(() => parsePriceFile(text)).toThrow(sentence);
});
