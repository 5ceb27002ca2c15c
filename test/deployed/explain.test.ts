import { DisableRuleCommand, EnableRuleCommand, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { routing } from '../../infra/routing.ts';
import { findQueues } from '../../ops/consumers.ts';
import { readRoutes } from '../../ops/explain/deployment.ts';
import { explain } from '../../ops/explain/explain.ts';
import { matchPattern } from '../../ops/explain/pattern.ts';
import { readGraph } from '../../ops/explain/read-graph.ts';
import { bus, output, placed, shop, testOrder } from './deployed-shop.ts';

const consumersOf = (type: string) =>
  Object.entries(routing).flatMap(([name, { consumes }]) => (consumes.some((one) => one.type === type) ? [name] : []));

test('every event reaches its consumers with permission and a dead-letter queue at each step', async () => {
  for (const { type, channel } of catalog) {
    const { routes } = await explain(shop, { type });
    const taking = routes.filter(({ gets, to, partner }) => gets === 'yes' && !partner && !/^webhooks\b/.test(to));
    const front = channel === 'topic' ? ['order'] : [];
    const expected = new Set([...consumersOf(type), ...front, 'archive']);
    expect(new Set(taking.map(({ to }) => to).filter((to) => !to.startsWith('arn:'))), type).toEqual(expected);
    for (const { to, permission, undeliverable, deadLetters, functions } of taking) {
      if (to.startsWith('arn:')) continue;
      expect({ to, permission, undeliverable, deadLetters }).toMatchObject({
        permission: 'granted',
        undeliverable: expect.any(String),
        deadLetters: { queue: expect.any(String) },
      });
      // A FIFO topic dead-letters to a FIFO queue, which the archive's own dead-letter queue is not.
      if (to !== 'archive') expect(undeliverable).toBe(deadLetters?.queue);
      expect(functions).toMatchObject([{ state: 'Enabled' }]);
    }
  }
});

test('a partner gets what the settings name, into a queue that no function of the stack reads', async () => {
  const partnersOf = async (type: string) =>
    (await explain(shop, { type })).routes.filter(({ gets, partner }) => gets === 'yes' && partner);
  for (const [type, to] of [
    ['shop.order.cancelled.v1', 'crm'],
    ['shop.order.progressed.v1', 'ledger'],
  ] as const) {
    expect(await partnersOf(type), type).toMatchObject([{ to, permission: 'granted', functions: [] }]);
  }
  expect(await partnersOf('shop.payment.captured.v1')).toEqual([]);
});

test('the map has every queue of the stack with who reads it and its dead letters, and nothing on it is broken', async () => {
  const { nodes, edges } = (await readGraph(shop)).map;
  const problems = [...nodes, ...edges].flatMap(({ problem = [] }) => problem);
  expect(problems).toEqual([]);
  const ids = nodes.map(({ id }) => id);
  for (const { consumer, partner } of findQueues(shop.outputs)) {
    const reader = `${partner ? 'partner' : 'consumer'}-${consumer}`;
    expect(ids).toEqual(expect.arrayContaining([`queue-${consumer}`, reader, `dead-letters-${consumer}`]));
    expect(edges.filter(({ to }) => to === `queue-${consumer}`).length, consumer).toBeGreaterThan(0);
  }
  expect(ids).toEqual(expect.arrayContaining(['parked', 'dead-letters-sweep', 'endpoint-erp', 'intake']));
});

test('an unknown event type reaches the unfiltered order queue only', async () => {
  const { known, routes } = await explain(shop, { type: 'shop.order.teleported.v1' });
  expect(known).toBe(false);
  expect(routes.filter(({ gets }) => gets === 'yes')).toMatchObject([{ to: 'order', reception: { accepts: false } }]);
});

test("an invalid message is reported as rejected by its consumers' contracts", async () => {
  const { contract, routes } = await explain(shop, {
    type: 'shop.order.placed.v1',
    body: JSON.stringify(placed(testOrder({ quantity: 0 }))),
  });
  expect(contract).toMatchObject({ accepts: false });
  expect(routes.find(({ to }) => to === 'payment')).toMatchObject({ gets: 'yes', reception: { accepts: false } });
});

test('a disabled rule is reported, and event patterns match as on the bus', async () => {
  const { routes: deployed } = await readRoutes(shop, 'bus');
  const rules = deployed.filter(({ filter }) => filter !== undefined);
  for (const { filter } of rules) {
    for (const [source, type] of [
      ['/shop/order', 'shop.order.confirmed.v1'],
      ['/shop/forger', 'shop.order.cancelled.v1'],
      ['/shop/payment', 'shop.payment.captured.v1'],
    ]) {
      const event = {
        id: '1',
        account: '000000000000',
        time: '2026-11-21T09:00:00Z',
        region: 'us-east-1',
        resources: [],
        source,
        'detail-type': type,
        detail: {},
      };
      const { Result } = await bus.send(
        new TestEventPatternCommand({ EventPattern: JSON.stringify(filter), Event: JSON.stringify(event) }),
      );
      expect(matchPattern(filter, { value: event, partial: false }).verdict, `${source} ${type}`).toBe(
        Result ? 'yes' : 'no',
      );
    }
  }
  const { routes } = await explain(shop, { type: 'shop.order.confirmed.v1' });
  const Name = routes.find(({ to }) => to === 'archive')?.name.replace('rule ', '');
  const rule = { Name, EventBusName: output('EventBusName') };
  await bus.send(new DisableRuleCommand(rule));
  try {
    const off = (await explain(shop, { type: 'shop.order.confirmed.v1' })).routes.find(({ to }) => to === 'archive');
    expect(off).toMatchObject({ gets: 'no', why: [expect.stringContaining('switched off')] });
  } finally {
    await bus.send(new EnableRuleCommand(rule));
  }
});
