import { describe, expect, test } from 'vitest';
import { MAX_BYTES } from '../../../lambdas/intake/rules.ts';
import { placedMessage } from '../../harness/orders.ts';
import { fromAcme, memoryIntake, NOW, post } from './requests.ts';

const order = {
  orderId: 'o-1',
  sku: 'A',
  quantity: 1,
  token: 'tok_visa',
  phone: '+821012345678',
  locale: 'ko',
  unitPrice: 500,
};
const message = placedMessage(order, 'e-1');
const body = JSON.stringify(message);
const other = JSON.stringify(placedMessage({ ...order, quantity: 2 }, 'e-1'));

describe('A request to the intake', () => {
  test('is published as the event that it has, and answered with its id', async () => {
    const { send, published } = memoryIntake();
    expect(await send(fromAcme(body))).toMatchObject({ status: 202, body: { id: 'e-1' } });
    expect(published.map((one) => JSON.parse(one))).toEqual([expect.objectContaining(message)]);
  });

  test('is answered in the same way when it comes again, and not published again', async () => {
    const { send, published } = memoryIntake();
    const answers = [
      await send(fromAcme(body)),
      await send(fromAcme(body)),
      await send(fromAcme(body, { id: 'msg_2' })),
    ];
    for (const { status, body: said } of answers)
      expect({ status, said }).toEqual({ status: 202, said: { id: 'e-1' } });
    expect(published).toHaveLength(1);
  });

  test('is refused where its id, or that of its delivery, was used for something else', async () => {
    const { send, published } = memoryIntake();
    await send(fromAcme(body));
    expect((await send(fromAcme(other, { id: 'msg_2' }))).status).toBe(409);
    expect((await send(fromAcme(JSON.stringify({ ...message, id: 'e-2' })))).status).toBe(409);
    expect(published).toHaveLength(1);
  });

  test.each(['publish', 'complete'])('is published by its next try where %s failed', async (step) => {
    const { send, published, failing } = memoryIntake();
    failing.add(step);
    expect(await send(fromAcme(body))).toMatchObject({ status: 503, headers: { 'retry-after': '10' } });
    failing.clear();
    expect((await send(fromAcme(body))).status).toBe(202);
    expect(new Set(published)).toEqual(new Set([published[0]]));
    expect(published.length).toBe(step === 'publish' ? 1 : 2);
  });

  test.each(['readSecrets', 'count', 'claim', 'publish', 'complete'])(
    'is answered with 503 and nothing of the cause where %s fails',
    async (step) => {
      const { send, failing } = memoryIntake();
      failing.add(step);
      expect(await send(fromAcme(body))).toEqual({
        status: 503,
        body: { error: 'the message could not be taken in: send it again' },
        headers: { 'retry-after': '10' },
      });
    },
  );

  test('is refused with 404 where nobody of this name sends, whatever the method', async () => {
    const { send, calls } = memoryIntake();
    for (const path of ['/', '/nobody', '/acme/', '/acme/x', '//acme', '/ACME', '/constructor', '/%61cme'])
      for (const method of ['POST', 'GET'])
        expect((await send({ ...fromAcme(body), method, path })).status, path).toBe(404);
    expect(calls).toEqual([]);
  });

  test('is refused with 405 unless it is posted', async () => {
    const { send, calls } = memoryIntake();
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'post'])
      expect(await send({ ...fromAcme(body), method })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(calls).toEqual([]);
  });

  test('is refused with 413 where it is larger than SNS takes, before anything is read', async () => {
    const { send, calls } = memoryIntake();
    expect((await send(fromAcme('x'.repeat(MAX_BYTES + 1)))).status).toBe(413);
    // Three bytes a character.
    expect((await send(fromAcme('가'.repeat(Math.ceil(MAX_BYTES / 3))))).status).toBe(413);
    expect(calls).toEqual([]);
    expect((await send(fromAcme('x'.repeat(MAX_BYTES)))).status).toBe(400);
  });

  test('is refused with 413 where the message to be published is larger than SNS takes', async () => {
    const { send, published } = memoryIntake();
    const extended = { ...message, note: '' };
    const room = MAX_BYTES - Buffer.byteLength(JSON.stringify(extended));
    // What is published has its `specversion` and `datacontenttype` as well.
    expect((await send(fromAcme(JSON.stringify({ ...extended, note: 'x'.repeat(room) })))).status).toBe(413);
    expect(published).toEqual([]);
  });

  test('that is not signed costs its sender nothing and writes nothing', async () => {
    const { send, calls } = memoryIntake();
    for (let flood = 0; flood < 100; flood += 1) {
      expect((await send(post('/acme', body))).status).toBe(401);
      expect((await send({ ...fromAcme(body), body: Buffer.from(other) })).status).toBe(401);
    }
    expect(new Set(calls)).toEqual(new Set(['readSecrets']));
    expect((await send(fromAcme(body))).status).toBe(202);
  });

  test('is refused beyond what its sender may post in a minute, until the next one begins', async () => {
    const { send, clock } = memoryIntake();
    const statuses = [];
    for (let request = 0; request < 4; request += 1) statuses.push((await send(fromAcme(body))).status);
    expect(statuses).toEqual([202, 202, 202, 429]);
    expect((await send(fromAcme(body))).headers).toEqual({ 'retry-after': '40' });
    clock.now = NOW + 40_000;
    expect((await send(fromAcme(body))).status).toBe(202);
  });
});

describe('A signed message', () => {
  const problemsOf = async (text: string | Buffer, id?: string) => {
    const { send, published, entries } = memoryIntake();
    const request = fromAcme(String(text), id === undefined ? {} : { id });
    const answer = await send(request);
    expect(published).toEqual([]);
    expect([...entries.keys()].filter((entry) => !entry.includes('/minute/'))).toEqual([]);
    return answer;
  };

  test('is refused with all its problems by path', async () => {
    const broken = { ...message, id: '', data: { ...message.data, items: [{ sku: 'A', quantity: 0, unitPrice: -1 }] } };
    expect(await problemsOf(JSON.stringify(broken))).toEqual({
      status: 400,
      body: {
        problems: expect.arrayContaining([
          { path: 'id', problem: 'must not be empty' },
          { path: 'data.items[0].quantity', problem: expect.stringMatching(/^must be/) },
          { path: 'data.items[0].unitPrice', problem: expect.stringMatching(/^must be/) },
        ]),
      },
    });
  });

  test.each([
    ['an outcome, which only the shop may report', 'shop.payment.authorized.v1'],
    ['an event that is reported on the bus', 'shop.payment.received.v1'],
    ['a step of the lifecycle feed', 'shop.order.progressed.v1'],
    ['no event of the shop', 'shop.order.paid.v7'],
    ['a probe', 'shop.verify.order.0123456789ab'],
  ])('is refused where it is %s', async (_, type) => {
    expect(await problemsOf(JSON.stringify({ ...message, type }))).toMatchObject({
      status: 400,
      body: { problems: [{ path: 'type', problem: expect.stringMatching(/^must be one of shop\.order\.placed\.v1/) }] },
    });
  });

  test.each([
    ['the source of probes', JSON.stringify({ ...message, source: '/shop/verify' }), 'source'],
    ['no JSON', 'type=shop.order.placed.v1', 'body'],
    ['nothing', '', 'body'],
    ['a list', '[]', 'body'],
    [
      'an extension nested 100,000 deep',
      `${body.slice(0, -1)},"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'body',
    ],
  ])('is refused where it has %s', async (_, text, path) => {
    expect(await problemsOf(text)).toMatchObject({ status: 400, body: { problems: [{ path }] } });
  });

  test('is refused where its delivery has an id that cannot be kept', async () => {
    for (const id of ['a b', 'x'.repeat(257)])
      expect(await problemsOf(body, id)).toMatchObject({ status: 400, body: { problems: [{ path: 'webhook-id' }] } });
  });
});
