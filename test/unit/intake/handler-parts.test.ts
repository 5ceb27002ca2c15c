import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import Stripe from 'stripe';
import { afterEach, describe, expect, test } from 'vitest';
import { ContractError } from '../../../contracts/parse.ts';
import { answerTo, requestLine, resultOf } from '../../../lambdas/intake/answer.ts';
import { Refusal } from '../../../lambdas/intake/refusal.ts';
import { readRequest } from '../../../lambdas/intake/request.ts';
import { STRIPE_VERSION, stripeSessions } from '../../../lambdas/intake/stripe-session.ts';

test('The bytes of a body are those that were sent, also where the function URL encoded them', () => {
  const event = { requestContext: { http: { method: 'POST' } }, rawPath: '/acme', headers: { a: 'b' } };
  const read = (body: string | undefined, isBase64Encoded: boolean) =>
    readRequest({ ...event, body, isBase64Encoded } as unknown as LambdaFunctionURLEvent);
  expect(read('의자', false).body.toString()).toBe('의자');
  expect([...read(Buffer.from([0, 255, 128]).toString('base64'), true).body]).toEqual([0, 255, 128]);
  expect(read(undefined, false)).toEqual({ method: 'POST', path: '/acme', headers: { a: 'b' }, body: Buffer.alloc(0) });
});

describe('The log line of a request', () => {
  const lineOf = (error: unknown) =>
    JSON.parse(requestLine(answerTo(error), { sender: 'acme', error, startedAt: 0 }, 5));

  test('says who sent it, what it was answered, and which event and order it was about', () => {
    const event = {
      specversion: '1.0' as const,
      id: 'e-1',
      source: '/x',
      type: 'shop.order.placed.v1',
      data: { orderId: 'o-1' },
    };
    const line = requestLine({ status: 202, body: {}, event }, { sender: 'acme', error: undefined, startedAt: 0 }, 5);
    expect(JSON.parse(line)).toMatchObject({
      level: 'INFO',
      message: 'answered acme with 202',
      consumer: 'intake',
      sender: 'acme',
      status: 202,
      eventId: 'e-1',
      orderId: 'o-1',
      tookMs: 5,
      IntakeAccepted: 1,
    });
  });

  test('counts what is refused and what fails apart, and never quotes a phone number', () => {
    expect(lineOf(new Refusal(401, 'not signed'))).toMatchObject({ status: 401, IntakeRefused: 1, level: 'WARN' });
    expect(lineOf(new ContractError([{ path: 'id', problem: 'is missing' }]))).toMatchObject({
      status: 400,
      IntakeRefused: 1,
    });
    const failed = lineOf(new Error('no text to +821012345678'));
    expect(failed).toMatchObject({ status: 503, IntakeFailed: 1, level: 'ERROR', errorMessage: 'no text to +…' });
    expect(failed._aws.CloudWatchMetrics).toEqual([
      expect.objectContaining({ Dimensions: [['consumer']], Metrics: [{ Name: 'IntakeFailed', Unit: 'Count' }] }),
    ]);
  });
});

test('An answer is JSON, and says what to do in headers', () => {
  expect(resultOf(answerTo(new Refusal(429, 'slower', { 'retry-after': '7' })))).toEqual({
    statusCode: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '7' },
    body: '{"error":"slower"}',
  });
});

describe('A session that is read from Stripe', () => {
  let close = () => {};
  afterEach(() => close());

  /** Starts a server in place of Stripe; returns its address and what it was asked. */
  async function serve(status: number, answers: Record<string, unknown>) {
    const asked: { url: string; key: string | undefined; version: unknown }[] = [];
    const server = createServer(({ url = '', headers }, response) => {
      asked.push({ url, key: headers.authorization, version: headers['stripe-version'] });
      response.statusCode = status;
      response.end(JSON.stringify(answers[url.split('?')[0] ?? '']));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => server.close();
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  test('has its payment intent, and all its lines with their products', async () => {
    const path = '/v1/checkout/sessions/cs_1';
    const { url, asked } = await serve(200, {
      [path]: { id: 'cs_1', payment_intent: { id: 'pi_1' } },
      [`${path}/line_items`]: { data: [{ id: 'li_1' }] },
    });
    expect(await stripeSessions(url)('cs_1', 'rk_1')).toEqual({
      id: 'cs_1',
      payment_intent: { id: 'pi_1' },
      line_items: { data: [{ id: 'li_1' }] },
    });
    expect(asked).toEqual([
      { url: `${path}?expand[]=payment_intent`, key: 'Bearer rk_1', version: STRIPE_VERSION },
      { url: `${path}/line_items?limit=100&expand[]=data.price.product`, key: 'Bearer rk_1', version: STRIPE_VERSION },
    ]);
  });

  test.each([401, 404, 429, 500])('is asked for again where Stripe answers %i', async (status) => {
    const { url } = await serve(status, {});
    await expect(stripeSessions(url)('cs_1', 'rk_1')).rejects.toThrow(`Stripe answered ${status}`);
  });

  test('is asked for again where Stripe cannot be reached', async () => {
    await expect(stripeSessions('http://127.0.0.1:9')('cs_1', 'rk_1')).rejects.toThrow('Stripe did not answer');
  });

  test("has the shape of the version of Stripe's package", () => {
    expect(STRIPE_VERSION).toBe(Stripe.API_VERSION);
  });
});
