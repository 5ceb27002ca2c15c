import { expect, test, vi } from 'vitest';
import { type Address, metricsUrl, parseAddress } from '../../../ops/metrics/address.ts';
import { metricsApp } from '../../../ops/metrics/app.ts';
import { costSentence } from '../../../ops/metrics/cost.ts';
import { newExporter } from '../../../ops/metrics/exporter.ts';
import type { Reading } from '../../../ops/metrics/reading.ts';
import { shopStatus } from '../../builders/shop-status.ts';

const well: Reading = { at: new Date(), status: shopStatus([]) };

/** An exporter over readings that a test ends one by one. */
function heldExporter(freshMs = 60_000) {
  const ends: ((reading: Reading) => void)[] = [];
  const said: string[] = [];
  const read = () => new Promise<Reading>((end) => ends.push(end));
  const exporter = newExporter(read, { cloudWatch: false, freshMs, tell: (sentence) => said.push(sentence) });
  return { exporter, ends, said };
}

const sampleOf = async (registry: Promise<{ metrics(): Promise<string> }>, name: string) =>
  new RegExp(`^${name} (.*)$`, 'm').exec(await (await registry).metrics())?.[1];

test('scrapes that come together, and those soon after, share one reading', async () => {
  const { exporter, ends } = heldExporter();
  const together = [exporter.scrape(), exporter.scrape(), exporter.scrape()];
  ends[0]?.(well);
  expect(await Promise.all(together.map((one) => sampleOf(one, 'shop_up')))).toEqual(['1', '1', '1']);
  expect(await sampleOf(exporter.scrape(), 'shop_up')).toBe('1');
  expect(ends).toHaveLength(1);
});

test('a reading that is no longer fresh is read anew', async () => {
  vi.useFakeTimers();
  try {
    const { exporter, ends } = heldExporter(1_000);
    const first = exporter.scrape();
    ends[0]?.(well);
    await first;
    vi.advanceTimersByTime(1_001);
    const second = exporter.scrape();
    expect(ends).toHaveLength(2);
    ends[1]?.(well);
    await second;
  } finally {
    vi.useRealTimers();
  }
});

test('a call of AWS that fails makes the shop down, is told once, and so is its end', async () => {
  vi.useFakeTimers();
  try {
    const { exporter, ends, said } = heldExporter(1_000);
    const refused: Reading = { error: 'AWS does not allow this: no' };
    const seen: (string | undefined)[][] = [];
    for (const reading of [refused, refused, well]) {
      const registry = exporter.scrape();
      ends.at(-1)?.(reading);
      seen.push([await sampleOf(registry, 'shop_up'), await sampleOf(registry, 'shop_read_failures_total')]);
      vi.advanceTimersByTime(1_001);
    }
    expect(seen).toEqual([
      ['0', '1'],
      ['0', '2'],
      ['1', '2'],
    ]);
    expect(said).toEqual(['AWS does not allow this: no', 'The shop can be read again.']);
  } finally {
    vi.useRealTimers();
  }
});

test('a reading that takes longer than the scrape may is answered in time: the shop is down', async () => {
  const { exporter, ends, said } = heldExporter();
  expect(await sampleOf(exporter.scrape(1), 'shop_up')).toBe('0');
  expect(said).toEqual(['AWS does not answer within the time that a scrape may take.']);
  ends[0]?.(well);
  expect(await sampleOf(exporter.scrape(60_000), 'shop_up')).toBe('1');
});

test.each([
  ['127.0.0.1:9464', { host: '127.0.0.1', port: 9_464, isLoopback: true }, 'http://127.0.0.1:9464/metrics'],
  ['localhost:1', { host: '127.0.0.1', port: 1, isLoopback: true }, 'http://127.0.0.1:1/metrics'],
  ['[::1]:9464', { host: '::1', port: 9_464, isLoopback: true }, 'http://[::1]:9464/metrics'],
  ['0.0.0.0:9464', { host: '0.0.0.0', port: 9_464, isLoopback: false }, 'http://0.0.0.0:9464/metrics'],
  ['[::]:9464', { host: '::', port: 9_464, isLoopback: false }, 'http://[::]:9464/metrics'],
  ['192.168.0.7:80', { host: '192.168.0.7', port: 80, isLoopback: false }, 'http://192.168.0.7:80/metrics'],
])('%s is an address to listen on', (text, address, url) => {
  expect(parseAddress(text)).toEqual(address);
  expect(metricsUrl(address)).toBe(url);
});

test.each([
  '9464',
  ':9464',
  '127.0.0.1',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  'shop.example:9464',
  '::1:9464',
  '[127.0.0.1',
  '',
])('"%s" is none', (text) => {
  expect(() => parseAddress(text)).toThrow('It must be an IP address and a port');
});

const local: Address = { host: '127.0.0.1', port: 9_464, isLoopback: true };
const ask = async (address: Address, headers: Record<string, string>) => {
  const exporter = newExporter(async () => well, { cloudWatch: false, freshMs: 0, tell: () => undefined });
  return metricsApp(exporter, address).request('/metrics', { headers });
};

test('a scrape gets Prometheus text', async () => {
  const answer = await ask(local, { host: '127.0.0.1:9464' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await answer.text()).toMatch(/^# HELP shop_up .*\n# TYPE shop_up gauge\nshop_up 1$/m);
});

test.each([
  ['a name that was pointed at this machine', { host: 'rebound.example:9464' }],
  ['a page of another site', { host: '127.0.0.1:9464', origin: 'http://shop.example' }],
  ['a link on another site', { host: '127.0.0.1:9464', 'sec-fetch-site': 'cross-site' }],
])('%s gets 403 and no number', async (_, headers) => {
  const answer = await ask(local, headers);
  expect(answer.status).toBe(403);
  expect(await answer.text()).not.toContain('shop_up');
});

test('an address that other machines reach answers under whatever name they know it by', async () => {
  const address = { host: '0.0.0.0', port: 9_464, isLoopback: false };
  expect((await ask(address, { host: 'metrics.internal:9464' })).status).toBe(200);
});

test('what a scrape costs is said: nothing here, on AWS far more with CloudWatch', () => {
  const outputs = Object.fromEntries(
    ['Order', 'Payment'].flatMap((name) => [
      [`${name}QueueUrl`, 'q'],
      [`${name}DeadLetterQueueUrl`, 'd'],
    ]),
  );
  expect(costSentence({ local: true, outputs }, { cloudWatch: true })).toBe('A scrape costs nothing here.');
  expect(costSentence({ local: false, outputs }, { cloudWatch: false })).toBe(
    'A scrape costs about US$0.000009, which is US$0.41 a month for one a minute; counting the orders of a large table is up to US$0.75 a month more. With --cloudwatch it would be US$6.55 a month.',
  );
  expect(costSentence({ local: false, outputs }, { cloudWatch: true })).toContain(
    'US$6.55 a month for one a minute; counting the orders of a large table is up to US$0.75 a month more. Most of it is for the metrics',
  );
});
