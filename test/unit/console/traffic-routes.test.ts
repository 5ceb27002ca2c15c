import { Hono } from 'hono';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { localTarget } from '../../../ops/aws-target.ts';
import type { ReplayTarget } from '../../../ops/console/api/replay.ts';
import { answerError } from '../../../ops/console/server/actions.ts';
import { auditRoutes } from '../../../ops/console/server/audit.ts';
import type { Console } from '../../../ops/console/server/console.ts';
import { Jobs } from '../../../ops/console/server/jobs.ts';
import { replayRoutes } from '../../../ops/console/server/replay.ts';
import { trafficRoutes } from '../../../ops/console/server/traffic.ts';
import { deployedShop } from '../../../ops/stack.ts';
import { type Answer, standInForAws } from '../../harness/aws-stand-in.ts';

const tables = ['Orders', 'Payments', 'Reservations', 'Notifications', 'Shipments', 'Stock', 'SandboxGateway'];
const outputs: Record<string, string> = {
  ...Object.fromEntries(tables.map((name) => [`${name}TableName`, name])),
  ...Object.fromEntries(
    ['Order', 'Outcomes', 'Stock'].map((name) => [`${name}QueueUrl`, `http://127.0.0.1:9/${name}`]),
  ),
  SweepFunctionName: 'Sweep',
};
const sweep = { ORDER_DEADLINE_SECONDS: '3600', REMINDER_SECONDS: '600', SETTLE_SECONDS: '60' };
const nothing = { Items: [], Responses: {}, ConsumedCapacity: { CapacityUnits: 1 } };
const emptyShop: Record<string, Answer> = {
  BatchGetItem: nothing,
  // Lambda names its actions by addresses.
  unknown: { Environment: { Variables: sweep } },
  GetItem: {},
  Query: nothing,
  Scan: nothing,
  UpdateItem: {},
};

/** A console on an engine, without what keeps others out. */
function consoleOn(answers: Record<string, Answer> = emptyShop) {
  const { requests } = standInForAws(answers);
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
  });
  const app = new Hono();
  app.onError(answerError);
  const jobs = new Jobs();
  const live = { refresh: async () => {} };
  const log = { path: '', write: async () => {} };
  const console = { shop, actionsAllowed: true, jobs, live, log } as unknown as Console;
  for (const add of [trafficRoutes, replayRoutes, auditRoutes]) add(app, console);
  const post = async (path: string, body: object) => {
    const response = await app.request(path, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, answer: (await response.json()) as { id: string; error: string } };
  };
  const get = async (path: string) => (await app.request(path)).json();
  return { get, post, jobs, requests };
}

afterEach(() => vi.restoreAllMocks());

describe('What the page of traffic starts', () => {
  test.each([
    ['load', { rate: 0, count: 10 }, 'rate: must be 1 or more'],
    ['load', { rate: 501, count: 10 }, 'rate: must be 500 or less'],
    ['load', { rate: 5, count: 2.5 }, 'count: must be a whole number'],
    ['drill', { orders: 2, outageSeconds: 5 }, 'orders: must be 3 or more'],
  ])('is refused outside of its bounds: a %s of %o', async (kind, body, error) => {
    const { post, jobs } = consoleOn();
    expect(await post(`/api/traffic/${kind}`, body)).toEqual({ status: 400, answer: { error } });
    expect(jobs.views()).toEqual([]);
  });

  test('is one at a time', async () => {
    const { get, post, jobs } = consoleOn();
    jobs.start({ kind: 'drill', title: 'a drill' }, () => new Promise(() => {}));
    expect(await get('/api/traffic')).toMatchObject({ load: 'running', drill: 'running' });
    const { status, answer } = await post('/api/traffic/load', { rate: 5, count: 10 });
    expect([status, answer.error]).toEqual([400, expect.stringContaining('is running')]);
  });

  test('takes the gateway down, and answers with the state that is then', async () => {
    let down = false;
    const { post } = consoleOn({
      ...emptyShop,
      UpdateItem: ({ body }) => {
        down = JSON.parse(body).ExpressionAttributeValues[':down'].BOOL;
        return {};
      },
      GetItem: () => ({ Item: { down: { BOOL: down } } }),
    });
    const { answer } = await post('/api/traffic/gateway', { down: true });
    expect(answer).toMatchObject({ gatewayDown: true, load: null, drill: 'gateway-down' });
  });
});

describe('What the page of replay offers', () => {
  test('is the consumers that are deployed, with what each gets', async () => {
    const targets = (await consoleOn().get('/api/replay/targets')) as ReplayTarget[];
    expect(targets.map(({ name }) => name)).toEqual(['order', 'outcomes', 'stock']);
    const stock = targets.find(({ name }) => name === 'stock');
    expect(stock).toMatchObject({ kind: 'consumer', types: expect.arrayContaining(['shop.order.placed.v1']) });
  });

  test.each([
    [{ to: 'stokc', from: '2026-11-27T08:00:00Z', until: 'now' }, 'stock'],
    [{ to: 'stock', from: '2026-11-27T08:00:00Z', until: '2026-11-27T07:00:00Z' }, 'before'],
    [{ to: 'stock', from: 'whenever', until: 'now' }, 'not a time'],
    [{ to: 'stock', from: '1h', until: 'now', types: ['shop.payment.captured.v1'] }, 'does not understand'],
  ])('%o is refused before anything is read', async (body, says) => {
    const { post, jobs } = consoleOn();
    const { status, answer } = await post('/api/replay/count', body);
    expect([status, answer.error]).toEqual([400, expect.stringContaining(says)]);
    expect(jobs.views()).toEqual([]);
  });
});

describe('The audit', () => {
  const finished = async (jobs: Jobs) => {
    await vi.waitFor(() => expect(jobs.running()).toBe(0));
    return jobs.views()[0];
  };

  test('of a shop without orders finds nothing, and there is nothing to repair', async () => {
    const { post, jobs, requests } = consoleOn();
    const { answer } = await post('/api/audit', {});
    expect(await finished(jobs)).toMatchObject({
      state: 'done',
      result: { checked: 0, disagreeing: [], disagreeingCount: 0, repairable: 0 },
    });
    const repair = await post('/api/audit/repair', { audit: answer.id });
    expect(repair).toMatchObject({ status: 400, answer: { error: expect.stringContaining('No event') } });
    expect(requests.map(({ action }) => action)).not.toContain('PutEvents');
  });

  test('is repaired by its own id only: what somebody looked at is what is mended', async () => {
    const { post, jobs } = consoleOn();
    await post('/api/audit', {});
    await finished(jobs);
    const { status, answer } = await post('/api/audit/repair', { audit: 'audit-7' });
    expect([status, answer.error]).toEqual([400, expect.stringContaining('run it again')]);
  });
});
