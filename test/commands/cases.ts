import { expect } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { ARCHIVED_ORDER, PAID_ORDER, PARTNER } from './stand-in.ts';

/** How to run a command against the stand-in, and what it does there, whether anybody reads its output or not. */
export type CommandCase = {
  args?: string;
  input?: string;
  /** How it ends. @default 0 */
  code?: number;
  /** How often it calls what changes something. @default it only reads */
  changes?: Readonly<Record<string, number>>;
  /** Asks on an engine too: needs `--yes` where there is no terminal. */
  asks?: true;
  /** Ends only once it is told to, or nobody reads its output. */
  endless?: true;
  /** The call in which Ctrl-C strikes. @default the first one after the stack was found */
  interruptAt?: string;
  /** Calls nothing that takes time. */
  instant?: true;
};

const ORDER = JSON.stringify({
  orderId: 'o-1001',
  payment: { token: 'tok_visa' },
  items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12_000 }],
  total: { amount: 12_000, currency: 'KRW' },
});

/** What starts, stops or deploys to an engine, which a test must not do to the engine of this machine: the deployed suite does. */
export const notRun = ['up', 'down', 'deploy', 'demo'];

/** Every other command. */
export const cases: Readonly<Record<string, CommandCase>> = {
  check: { args: '-', input: ORDER, instant: true },
  place: { args: '--count 120', changes: { PublishBatch: 12 }, interruptAt: 'PublishBatch' },
  // The stand-in's orders stay confirmed, and never ship.
  cancel: { args: 'o-1001 --wait 1', code: 1, changes: { PublishBatch: 1 }, interruptAt: 'PublishBatch' },
  refund: {
    args: `${PAID_ORDER} 5000 --id r-1 --wait 5`,
    changes: { PublishBatch: 1 },
    interruptAt: 'PublishBatch',
  },
  status: {},
  'status --watch': { args: '1', endless: true },
  metrics: {},
  // It waits for its page; test/console ends it.
  console: { args: '--no-open', instant: true },
  'stock show': {},
  'stock set': { args: 'KB-01 5', changes: { UpdateItem: 1 } },
  'stock receive': { args: 'KB-01 5', changes: { PublishBatch: 1 }, interruptAt: 'PublishBatch' },
  'stock import': { args: '-', input: 'KB-01,5\nMS-02,7\n', changes: { PublishBatch: 1 }, interruptAt: 'PublishBatch' },
  trace: { args: PAID_ORDER },
  logs: {},
  'logs --follow': { endless: true },
  'dlq list': { interruptAt: 'ReceiveMessage' },
  'dlq show': { interruptAt: 'ReceiveMessage' },
  'dlq redrive': {
    args: '--all',
    asks: true,
    changes: { SendMessageBatch: 3, DeleteMessageBatch: 3 },
    interruptAt: 'SendMessageBatch',
  },
  'dlq discard': { args: '--all', asks: true, changes: { DeleteMessageBatch: 3 }, interruptAt: 'DeleteMessageBatch' },
  'dlq park': {
    args: '--all --owner ana',
    asks: true,
    changes: { SendMessageBatch: 3, DeleteMessageBatch: 3 },
    interruptAt: 'SendMessageBatch',
  },
  'dlq unpark': {
    args: '--all',
    asks: true,
    changes: { SendMessageBatch: 1, DeleteMessageBatch: 1 },
    interruptAt: 'SendMessageBatch',
  },
  // Only two of its dead letters are of these orders, and one of the orders is in the tables and the archive.
  forget: {
    args: `o-1 o-2 ${ARCHIVED_ORDER}`,
    asks: true,
    changes: { BatchExecuteStatement: 2, SendMessageBatch: 1, DeleteMessageBatch: 1, PutObject: 1 },
    interruptAt: 'SendMessageBatch',
  },
  // Two orders are not as they should be, and nobody mends them.
  audit: { code: 1 },
  'audit --repair': { args: '--patience 1', code: 1, asks: true, changes: { PutEvents: 1 } },
  pause: { args: 'payment --reason outage', changes: { TagQueue: 1, UpdateEventSourceMapping: 1 } },
  // The stand-in's archive is switched off.
  resume: { args: 'archive', changes: { UpdateEventSourceMapping: 1 } },
  replay: {
    args: '--to stock --from 2026-11-21',
    changes: { SendMessageBatch: 4 },
    interruptAt: 'SendMessageBatch',
  },
  'replay --to': {
    args: `${PARTNER} --from 2026-11-21`,
    changes: { SendMessageBatch: 2 },
    interruptAt: 'SendMessageBatch',
  },
  'webhooks list': {},
  'webhooks test': { args: 'erp', changes: { Invoke: 1 } },
  'webhooks replay': {
    args: 'erp --from 2026-11-21',
    changes: { SendMessageBatch: 2 },
    interruptAt: 'SendMessageBatch',
  },
  'webhooks enable': { args: 'erp', asks: true, changes: { DeleteItem: 1 } },
  explain: { args: 'shop.order.placed.v1' },
  // Of the consumers only the archive answers no probe: it is switched off.
  verify: {
    code: 1,
    changes: {
      Publish: expect.any(Number),
      PutEvents: expect.any(Number),
      DeleteMessageBatch: Object.keys(routing).length + 1,
    },
  },
  'alarm list': {},
  'alarm test': { args: 'test', changes: { SetAlarmState: 2 }, interruptAt: 'SetAlarmState' },
  'sandbox payment down': { changes: { UpdateItem: 1 } },
  'sandbox payment up': { changes: { UpdateItem: 1 } },
  'sandbox payment records': {},
  'sandbox payment forget-keys': { changes: { UpdateItem: 1 } },
  load: {
    args: '--rate 1000 --count 3 --burst 3 --sku KB-01 --patience 1',
    code: 1,
    changes: { PublishBatch: 1 },
    interruptAt: 'PublishBatch',
  },
  drill: {
    args: '--orders 3 --outage 1 --patience 1',
    code: 1,
    changes: { UpdateItem: 3, PublishBatch: 3 },
    interruptAt: 'PublishBatch',
  },
  estimate: { args: '--orders-per-day 10 --prices no-such-file.json', code: 1, instant: true },
  'new consumer': { args: 'Loyalty', code: 1, instant: true },
  'new event': { args: 'loyalty', code: 1, instant: true },
};
