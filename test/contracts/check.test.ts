import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { checkEvent } from '../../contracts/check.ts';
import { checkFile, formatCheck } from '../../ops/check/check.ts';
import { captured, placed } from '../builders/events.ts';

const good = placed();
const bad = placed({ id: 'e-2' });
bad.data.total.amount = 1;
const wrongSum = { path: 'data.total.amount', problem: expect.stringMatching(/^must be 12000, .* not 1$/) };

describe('checkEvent', () => {
  test('takes a body and an object alike', () => {
    expect(checkEvent(good)).toEqual({ ok: true, problems: [] });
    expect(checkEvent(JSON.stringify(good))).toEqual({ ok: true, problems: [] });
    expect(checkEvent(bad)).toEqual({ ok: false, problems: [wrongSum] });
  });

  test('refuses an unknown event, and one that only the shop itself sends', () => {
    const problem = { path: 'type', problem: expect.stringContaining('must be one of shop.order.placed.v1') };
    expect(checkEvent({ ...good, type: 'shop.order.placed.v9' }).problems).toEqual([problem]);
    expect(checkEvent(captured()).problems).toEqual([problem]);
  });

  test('names what no serializer can write', () => {
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    for (const message of [cycle, { total: 1n }, undefined]) expect(checkEvent(message)).toMatchObject({ ok: false });
  });
});

describe('ops check', () => {
  test('checks a bare order as ops place sends it', () => {
    expect(checkFile(JSON.stringify(good.data))).toEqual({ ok: true, problems: [] });
    expect(checkFile(`\uFEFF${JSON.stringify(bad.data)}`)).toEqual({ ok: false, problems: [wrongSum] });
  });

  test.each([
    ['JSON lines', [good, bad].map((event) => JSON.stringify(event)).join('\r\n\n'), ['line 1', 'line 3']],
    ['a JSON array', JSON.stringify([good, bad], null, 2), ['[0]', '[1]']],
  ])('names each event of %s', (_, text, [first, second]) => {
    const report = checkFile(text);
    expect(report).toEqual({
      ok: false,
      problems: [{ ...wrongSum, path: `${second}: data.total.amount` }],
      events: [
        { at: first, ok: true, problems: [] },
        { at: second, ok: false, problems: [wrongSum] },
      ],
    });
    expect(formatCheck(report)).toMatch(/^1 of 2 events would be refused:\n {2}.*: data.total.amount: must be 12000/);
  });

  test('names a line that is cut off', () => {
    expect(checkFile(`${JSON.stringify(good)}\n{"id":`).problems).toMatchObject([{ path: 'line 2: body' }]);
  });

  test('an order that is nested however deeply is refused, and an array of such events too', () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const order = JSON.stringify({ ...good.data, items: 'nested' }).replace('"nested"', nested);
    for (const text of [order, `[${order}]`])
      expect(checkFile(text)).toMatchObject({ ok: false, problems: expect.arrayContaining([expect.anything()]) });
  });

  test('refuses what has no event at all', () => {
    for (const text of ['', '[]', 'hello'])
      expect(checkFile(text)).toMatchObject({ ok: false, problems: [{ path: 'body' }] });
  });

  test('exits with 1, and prints one document with --json, without a stack', async () => {
    const run = async (event: object) => {
      const env = { PATH: process.env.PATH };
      const child = promisify(execFile)(process.execPath, ['ops/main.ts', 'check', '-', '--json'], { env });
      child.child.stdin?.end(JSON.stringify(event));
      return child.then(
        ({ stdout }) => ({ code: 0, ...JSON.parse(stdout) }),
        ({ code, stdout }) => ({ code, ...JSON.parse(stdout) }),
      );
    };
    expect(await run(good)).toEqual({ code: 0, ok: true, problems: [] });
    expect(await run(bad)).toEqual({ code: 1, ok: false, problems: [wrongSum] });
  });
});
