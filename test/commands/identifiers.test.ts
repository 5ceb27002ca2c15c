import { execFile, execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { engineEnvironment } from '../../localstack/environment.ts';
import { command, shellArgument } from '../../ops/command.ts';
import { groupByReason, groupingKey } from '../../ops/dlq/group.ts';
import { maskPersonalData } from '../../ops/dlq/mask.ts';
import { table } from '../../ops/format.ts';
import { cancelCommand } from '../../ops/orders/cancel-commands.ts';
import { traceCommand } from '../../ops/orders/command.ts';
import { refundCommand } from '../../ops/orders/refund-commands.ts';
import { addAttempts, buildTrace } from '../../ops/orders/trace.ts';
import { traceDiagram } from '../../ops/orders/trace-diagram.ts';
import { traceText } from '../../ops/orders/trace-text.ts';
import { createEventSelector, selectionFor } from '../../ops/replay/select.ts';
import { splitWords } from '../../ops/shell-words.ts';
import { deadLetter } from '../builders/dead-letters.ts';
import { placed } from '../builders/events.ts';
import { KNOWN_ORDER_IDS, KNOWN_SKUS, orderIds, skus } from '../builders/orders.ts';

/** Runs the real command line where nothing is deployed: a command that takes its arguments says that nothing runs. */
const runOps = (...args: string[]): Promise<{ code: number; stderr: string; stdout: string }> =>
  new Promise((resolve) => {
    const env = engineEnvironment('http://127.0.0.1:9');
    execFile(process.execPath, ['ops/main.ts', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

const TAKEN = /^Nothing is running at http:\/\/127\.0\.0\.1:9/;

describe('The command line takes an id that begins with a dash', () => {
  test.each([
    ['trace -NabcDEF123456789'],
    ['trace -NabcDEF123456789 --wait 5 --diagram'],
    ['cancel -NabcDEF123456789 --reason -x'],
    ['refund -NabcDEF123456789 500 --item -x=y=2 --restock --id -r1'],
    ['stock set -x 5 --json'],
    ['replay --to stock --from 1h --order -NabcDEF123456789 --dry-run'],
    ['dlq show --id -NabcDEF123456789'],
    ['dlq list --by order --order -NabcDEF123456789'],
    ['dlq redrive --order -NabcDEF123456789'],
  ])(
    'ops %s',
    async (line) => {
      const { code, stderr } = await runOps(...line.split(' '));
      expect(stderr).toMatch(TAKEN);
      expect(code).toBe(1);
    },
    30_000,
  );

  test.each([
    ['trace -Nabc --jsn', "unknown option '--jsn'"],
    ['trace -a -b', 'too many arguments'],
    ['status -x', "unknown option '-x'"],
    ['dlq list --by sku', 'Allowed choices are reason, order'],
  ])(
    'and still names what is wrong with: ops %s',
    async (line, problem) => {
      const { code, stderr } = await runOps(...line.split(' '));
      expect(stderr).toContain(problem);
      expect(code).toBe(1);
    },
    30_000,
  );

  test.each([
    [['trace', ''], "An order's id must be 1 to 256 characters without control characters."],
    [['trace', 'x'.repeat(300)], "An order's id must be 1 to 256 characters without control characters."],
    [['cancel', ''], /^An order's id must be 1 to 64 printable ASCII characters/],
    [['cancel', 'a\u001b[2Jb'], /^An order's id must be 1 to 64 printable ASCII characters/],
    [['cancel', 'o-1', '--reason', 'x'.repeat(201)], /^The reason must be /],
    [['refund', '', '5'], /^An order's id must be/],
    [
      ['refund', 'o-1', '12.50'],
      /^The amount must be a whole number in the currency's minor unit: 12000 is 12,000 KRW/,
    ],
    [['refund', 'o-1', '1000000000001'], /^The amount must be a whole number/],
    [['refund', 'o-1', '0'], /^The amount may be 0 only where goods come back: name them with --item sku=quantity\./],
    [['refund', 'o-1', '5', '--restock'], '--restock needs the goods that came back: --item sku=quantity.'],
    [['refund', 'o-1', '5', '--item', 'KB-01'], 'An item is sku=quantity, such as KB-01=1.'],
    [['refund', 'o-1', '5', '--item', 'KB-01=0'], /^An item's quantity must be a whole number from 1 to /],
    [['refund', 'o-1', '5', '--item', '=1'], /^A SKU must be 1 to 100 characters/],
    [['refund', 'o-1', '5', '--id', 'cancel'], /^A refund's id must not be cancel, which names/],
    [['refund', 'o-1', '5', '--id', 'a b'], /^A refund's id must be 1 to 64 printable ASCII/],
    [['refund', 'o-1', '5', '--reason', 'x'.repeat(201)], /^The reason must be /],
    [['stock', 'set', '', '5'], /^A SKU must be 1 to 100 characters/],
    [['stock', 'receive', ' ', '5'], /^A SKU must be 1 to 100 characters/],
    [['stock', 'receive', 'KB-01', '5', '--receipt', ''], /^The receipt must be/],
    [['sandbox', 'payment', 'records', '--order', ''], /^An order's id must be/],
    [['replay', '--to', 'stock', '--from', '1h', '--order', ''], /^An order's id must be/],
    [['replay', '--to', 'stock', '--from', '2026-02-30'], /^"2026-02-30" is not a time/],
    [['place', '--sku', ''], /^This is not a valid order.*\n.*items\[0\]\.sku: must be/],
    [['explain', ''], 'The event type must not be empty.'],
    [['alarm', 'test', ''], "The alarm's name must not be empty."],
    [['dlq', 'show', '--id', ''], 'A selector must not be empty.'],
  ] as const)(
    'and refuses what can be none before anything is called: ops %j',
    async (args, problem) => {
      const { code, stderr, stdout } = await runOps(...args);
      if (typeof problem === 'string') expect(stderr).toBe(`${problem}\n`);
      else expect(stderr).toMatch(problem);
      expect([code, stdout]).toEqual([1, '']);
    },
    30_000,
  );

  test('and says so in its help', () => {
    for (const make of [traceCommand, cancelCommand, refundCommand])
      expect(make().helpInformation()).toMatch(/orderId\s+the order's id; it may begin with a dash/);
  });

  test('whatever the id or the SKU is, after -- or where it does not begin with two dashes', () => {
    fc.assert(
      fc.property(fc.oneof(orderIds, skus), fc.boolean(), (id, isLiteral) => {
        fc.pre(isLiteral || !(id.startsWith('--') || id === '-h'));
        const taken: unknown[] = [];
        const one = command('set', 'Sets.')
          .argument('<id>')
          .argument('<quantity>')
          .exitOverride()
          .configureOutput({ writeErr: () => {} })
          .action((...args: unknown[]) => void taken.push(...args.slice(0, 3)));
        one.parse([...(isLiteral ? ['--json', '--', id, '5'] : [id, '5', '--json'])], { from: 'user' });
        expect(taken).toEqual([id, '5', { json: true }]);
      }),
      { numRuns: 500 },
    );
  });
});

test('A printed command can be copied into a shell, whatever the id is', () => {
  const texts = [...KNOWN_ORDER_IDS, ...KNOWN_SKUS, ...fc.sample(fc.oneof(orderIds, skus), 300)];
  const script = `printf '%s\\0' ${texts.map(shellArgument).join(' ')}`;
  const passed = execFileSync('/bin/sh', ['-c', script]).toString().split('\0');
  expect(passed.slice(0, -1)).toEqual(texts);
  expect([shellArgument('o-1001'), shellArgument('#1029')]).toEqual(['o-1001', "'#1029'"]);
});

describe('A printed command', () => {
  test('is split into words as a shell does, whatever the ids in it are', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(orderIds, skus), { minLength: 1, maxLength: 3 }), (texts) => {
        expect(splitWords(` ${texts.map(shellArgument).join('  ')} `)).toEqual(texts);
      }),
    );
  });

  test.each([
    ['stock set "의자 01" 5', ['stock', 'set', '의자 01', '5']],
    ["stock set O'Neil 5", ['stock', 'set', "O'Neil", '5']],
    ['', []],
  ])('such as %j has its words', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });
});

describe('Dead letters', () => {
  const about = (orderId: string, id: string) =>
    deadLetter({
      id,
      body: JSON.stringify(placed({ orderId })),
      attributes: { errorMessage: `Order ${orderId} was already placed with another total` },
    });

  test('of any two orders with one reason are one group', () => {
    fc.assert(
      fc.property(orderIds, orderIds, (one, other) => {
        const groups = groupByReason([about(one, 'm-1'), about(other, 'm-2')]);
        expect(groups).toHaveLength(1);
        expect(groups[0]?.example).toEqual({ messageId: 'm-1', orderId: one });
        if (one !== other) expect(groups[0]?.reason).toBe('Order <id> was already placed with another total');
      }),
    );
    expect(groupingKey('Step 2 of order a has not come yet', 'a')).toBe('Step # of order <id> has not come yet');
  });

  test('are shown with their order’s id and SKUs as they are, and without a phone number', () => {
    fc.assert(
      fc.property(orderIds, (orderId) => {
        fc.pre(!/\+\d{6}/.test(orderId));
        const shown = JSON.parse(maskPersonalData(JSON.stringify(placed({ orderId }))));
        expect([shown.data.orderId, shown.subject]).toEqual([orderId, orderId]);
        expect(JSON.stringify(shown)).not.toContain('821012345678');
      }),
    );
    expect(maskPersonalData('{"data":{"orderId":"+821012345678"}}')).not.toContain('821012345678');
  });
});

describe('A trace', () => {
  const failed = (orderId: string) =>
    JSON.stringify({
      time: '2026-11-21T09:00:01.000Z',
      message: 'dead-lettered',
      consumer: 'order',
      orderId,
      messageId: 'm-1',
      eventType: 'shop.order.placed.v1',
      attempt: 1,
      errorType: 'ConflictError',
      errorMessage: `Order ${orderId} was already placed with another total`,
    });

  test('finds the attempts of its order alone, whatever the ids are', () => {
    fc.assert(
      fc.property(orderIds, orderIds, (one, other) => {
        fc.pre(one !== other);
        const trace = addAttempts(undefined, one, [failed(one), failed(other), failed(`${one}x`)]);
        expect(trace?.attempts).toHaveLength(1);
        expect(trace && traceText(trace)).toContain(`Order ${one} was already placed`);
      }),
    );
  });

  test('is a valid diagram that names its order', () => {
    fc.assert(
      fc.property(orderIds, (orderId) => {
        const trace = addAttempts(buildTrace({ order: { orderId, timeline: [] } }), orderId, [failed(orderId)]);
        const last = trace === undefined ? '' : (traceDiagram(trace).split('\n').at(-1) ?? '');
        expect(last).toMatch(/^ {4}order--xdeadLetters: (?:[^;#&<>$%\n]|#\d+;)+$/);
        const decoded = last.replaceAll(/#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
        expect(decoded).toContain(`Order ${orderId} was`);
      }),
    );
  });
});

test('A table has one line for each SKU, with its SKU as it is', () => {
  fc.assert(
    fc.property(fc.uniqueArray(skus, { minLength: 1, maxLength: 5 }), (some) => {
      const lines = table(
        ['sku', 'available'],
        some.map((sku) => [sku, 1]),
      ).split('\n');
      expect(lines).toHaveLength(some.length + 1);
      for (const [index, sku] of some.entries()) expect(lines[index + 1]?.startsWith(sku)).toBe(true);
    }),
  );
});

test('A replay selects the events of one order alone, whatever the ids are', () => {
  fc.assert(
    fc.property(orderIds, orderIds, (one, other) => {
      fc.pre(one !== other);
      const { select } = createEventSelector(selectionFor('stock', { orderId: one }));
      const archived = [one, other].map((orderId) => ({ time: '', body: JSON.stringify(placed({ orderId })) }));
      expect(archived.flatMap((message) => select(message)?.orderId ?? [])).toEqual([one]);
    }),
  );
});
