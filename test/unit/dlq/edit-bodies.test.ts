import { describe, expect, test } from 'vitest';
import { applyEdit } from '../../../ops/dlq/apply-edit.ts';
import type { DeadLetter } from '../../../ops/dlq/dead-letter.ts';
import { orderIdOf, originalMessage } from '../../../ops/dlq/dead-letter.ts';
import { editBodies } from '../../../ops/dlq/edit-bodies.ts';
import { openEnvelopes } from '../../../ops/dlq/envelope.ts';
import { layOut } from '../../../ops/dlq/json-text.ts';
import type { Plan } from '../../../ops/dlq/plan.ts';
import { planFor } from '../../../ops/dlq/plan.ts';
import { redrive } from '../../../ops/dlq/redrive.ts';
import { bareDeadLetter, deadLetter, FakeQueue } from '../../builders/dead-letters.ts';
import { cancelled, confirmed as orderConfirmed, placed } from '../../builders/events.ts';

const broken = JSON.stringify({ ...placed(), time: 'yesterday' });
const repaired = broken.replace('yesterday', '2026-11-21T09:00:00Z');
const sns = (event: string) =>
  `{ "Type":"Notification", "TopicArn":"arn:aws:sns:x", "Message":${JSON.stringify(event)} }`;
const eventBridge = (event: string) => `{"version":"0","detail-type":"x","account":"1","detail": ${event},"n":1.0}`;

const forEndpoint = (event: string, endpoint = 'erp') => `{"endpoint": "${endpoint}" ,"event":${event}}`;

const heldBy = (consumer: string, body: string) =>
  deadLetter({ id: `at-${consumer}`, consumer, body, attributes: { consumer } });

const planOf = (...letters: DeadLetter[]): Promise<Plan> =>
  planFor(
    letters.map((letter) => new FakeQueue([letter])),
    () => true,
  );

const outgoing = (consumer: string, body: string) => originalMessage(heldBy(consumer, body)).body;

/** An editor that replaces a text in what it is given, and remembers what that was. */
function editor(from: string, to: string) {
  const opened: string[] = [];
  return {
    opened,
    edit: async (body: string) => {
      opened.push(body);
      return applyEdit(body, layOut(body).replaceAll(from, to));
    },
  };
}

const repair = () => editor('yesterday', '2026-11-21T09:00:00Z');

describe('An edit', () => {
  test('of a message that four consumers hold is made once, for all of them', async () => {
    const { opened, edit } = repair();
    const consumers = ['order', 'payment', 'stock', 'notification'];
    const other = heldBy('outcomes', '{"another":"message"}');
    const bodies = await editBodies(await planOf(...consumers.map((name) => heldBy(name, broken)), other), edit);
    expect(opened).toEqual([broken, other.body]);
    expect(Object.fromEntries(bodies)).toEqual(Object.fromEntries(consumers.map((name) => [`at-${name}`, repaired])));
  });

  test('goes into bodies that differ in white space alone, and keeps the space of each', async () => {
    const { opened, edit } = repair();
    const spaced = broken.replace('{"specversion":', '{ "specversion" :');
    expect(spaced).not.toBe(broken);
    const bodies = await editBodies(await planOf(heldBy('payment', broken), heldBy('stock', spaced)), edit);
    expect(opened).toHaveLength(1);
    expect(bodies.get('at-stock')).toBe(repaired.replace('{"specversion":', '{ "specversion" :'));
  });

  test('of messages with the same id and another content is made for each', async () => {
    const { opened, edit } = repair();
    await editBodies(await planOf(heldBy('payment', broken), heldBy('stock', repaired)), edit);
    expect(opened).toEqual([broken, repaired]);
  });

  test('that a consumer would refuse is refused for all, with the consumer and the problem', async () => {
    const { edit } = editor('yesterday', 'tomorrow');
    const plan = await planOf(heldBy('payment', broken), heldBy('shipping', broken));
    await expect(editBodies(plan, edit)).rejects.toThrow(
      /payment would refuse .* at-payment: time: must be .*shipping would refuse .*type: must be one of.*Nothing was moved/,
    );
    const repairing = editBodies(plan, repair().edit);
    await expect(repairing).rejects.toThrow('shipping would refuse');
    await expect(repairing).rejects.not.toThrow('payment would');
    expect((await editBodies(plan, edit, { force: true })).size).toBe(2);
  });

  test('for a partner is checked against what partners get', async () => {
    const body = JSON.stringify({ ...cancelled(), time: 'yesterday' });
    const plan = await planOf(bareDeadLetter({ id: 'at-crm', consumer: 'crm', partner: true, body }));
    await expect(editBodies(plan, editor('yesterday', 'tomorrow').edit)).rejects.toThrow(
      'crm would refuse the edited body of at-crm: time: must be',
    );
    expect([...(await editBodies(plan, repair().edit)).keys()]).toEqual(['at-crm']);
    const orders = await planOf(bareDeadLetter({ id: 'at-crm', consumer: 'crm', partner: true, body: broken }));
    await expect(editBodies(orders, repair().edit)).rejects.toThrow('type: must be one of');
  });

  test.each([
    ['SNS', sns],
    ['EventBridge', eventBridge],
    ['EventBridge, in one of SNS', (event: string) => sns(eventBridge(event))],
  ])('opens the bare event in an envelope of %s, and sends the bare event', async (_, wrap) => {
    const { opened, edit } = repair();
    const bodies = await editBodies(await planOf(heldBy('payment', wrap(broken)), heldBy('stock', broken)), edit);
    expect(opened).toEqual([broken]);
    expect([...bodies.values()]).toEqual([repaired, repaired]);
  });

  test.each([
    ['SNS', sns],
    ['EventBridge', eventBridge],
    ['a byte-order mark and SNS', (event: string) => `\uFEFF${sns(event)} `],
  ])(
    'puts the event back into its envelope of %s for `order`, which forwards it to those who never got it',
    async (_, wrap) => {
      const { opened, edit } = repair();
      const bodies = await editBodies(await planOf(heldBy('order', wrap(broken))), edit);
      expect(opened).toEqual([broken]);
      expect(bodies.get('at-order')).toBe(wrap(repaired));
    },
  );
});

describe('An event that several endpoints did not get', () => {
  const confirmed = JSON.stringify({ ...orderConfirmed(), time: 'yesterday' });
  const mended = confirmed.replace('yesterday', '2026-11-21T09:00:00Z');
  const lettersOf = (...endpoints: string[]) =>
    endpoints.map((endpoint) => ({ ...heldBy('webhooks', forEndpoint(confirmed, endpoint)), id: endpoint }));

  test('is edited once, and goes back to each endpoint in its own envelope', async () => {
    const { opened, edit } = repair();
    const bodies = await editBodies(await planOf(...lettersOf('erp', 'lake')), edit);
    expect(opened).toEqual([confirmed]);
    expect(Object.fromEntries(bodies)).toEqual({ erp: forEndpoint(mended), lake: forEndpoint(mended, 'lake') });
  });

  test('is refused where the edited event breaks its contract', async () => {
    const { edit } = editor('yesterday', 'tomorrow');
    await expect(editBodies(await planOf(...lettersOf('erp')), edit)).rejects.toThrow(
      /webhooks would refuse .* erp: time: must be/,
    );
  });

  test('goes back as it came, with the endpoint that it is for', () => {
    expect(outgoing('webhooks', forEndpoint(confirmed))).toBe(forEndpoint(confirmed));
  });

  test('is found by its order', () => {
    expect(lettersOf('erp').map(orderIdOf)).toEqual([orderConfirmed().data.orderId]);
  });
});

describe('A redrive', () => {
  const odd = '{"id":9007199254740993,"a":1.0,"a":2} ';

  test('sends the bare event of an envelope, in its own spelling', () => {
    expect(outgoing('payment', sns(odd))).toBe(odd);
    expect(outgoing('payment', eventBridge(odd.trim()))).toBe(odd.trim());
    expect(outgoing('payment', sns(`\uFEFF${odd}`))).toBe(`\uFEFF${odd}`);
  });

  test('sends to `order` what is wrapped as it came, and to all what is not', () => {
    for (const wrapped of [sns(odd), eventBridge(odd.trim())]) expect(outgoing('order', wrapped)).toBe(wrapped);
    for (const body of [odd, `\uFEFF${odd}`, 'no JSON  ', '', '[]', `{"type":"x","TopicArn":"a","Message":"{}"}`]) {
      for (const consumer of ['order', 'payment']) expect(outgoing(consumer, body)).toBe(body);
    }
  });

  test('sends an edited body and keeps the original as an attribute', async () => {
    const queue = new FakeQueue([heldBy('payment', sns(broken))]);
    const plan = await planFor([queue], () => true);
    const editedBodies = await editBodies(plan, repair().edit);
    await redrive(plan, { rate: 1e9, startedAt: 5_000, selects: () => true, unread: 'none', editedBodies });
    expect(queue.sent).toMatchObject([{ body: repaired, attributes: { originalBody: { StringValue: broken } } }]);
  });
});

test('An envelope is closed as it was opened', () => {
  for (const wrapped of [
    sns('{"a":1}'),
    eventBridge('{"a" : 1.0}'),
    sns(eventBridge('{}')),
    forEndpoint('{"a" : 1.0}'),
    'x',
    '{}',
  ]) {
    const { event, wrap } = openEnvelopes(wrapped);
    expect(wrap(event)).toBe(wrapped);
  }
  expect(openEnvelopes('{"Type":"SubscriptionConfirmation","TopicArn":"a","Message":"m"}').event).toContain('Type');
});
