import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { PERSONAL_MEMBERS } from '../../../contracts/personal-data.ts';
import { failureActionFor, retryOf } from '../../../lambdas/runtime/retry-policy.ts';
import { failureOf, postedBody, webhookIdOf } from '../../../lambdas/webhooks/rules.ts';
import { sampleOf } from '../../builders/samples.ts';

const busEvents = catalog.filter(({ channel }) => channel === 'bus');
const samples = busEvents.map(({ type }): Record<string, unknown> => JSON.parse(sampleOf(type)));

/** Reads an event of the bus as the function does. */
const read = (event: unknown): CloudEvent => parseEvent(JSON.stringify(event), busEvents);
const posted = (event: unknown): Record<string, unknown> => JSON.parse(postedBody(read(event)));

/** Returns the body of an event; none where the event breaks its contract, and is not posted at all. */
function bodyOrNone(event: unknown): string {
  try {
    return postedBody(read(event));
  } catch (error) {
    expect(error).toMatchObject({ name: 'ContractError' });
    return '';
  }
}

/** Lists the objects in a value, itself included. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (typeof value !== 'object' || value === null) return [];
  return [{ ...value }, ...Object.values(value).flatMap(objectsIn)];
}

describe('The body that is posted', () => {
  test.each(samples)('is the event that travels on the bus, without what is personal: $type', (sample) => {
    const event = read(sample);
    const names = objectsIn(posted(sample)).flatMap((object) => Object.keys(object));
    expect(names.filter((name) => PERSONAL_MEMBERS.includes(name))).toEqual([]);
    const { data, ...attributes } = posted(sample);
    expect({ ...event, ...attributes }).toEqual(event);
    expect(Object.keys({ ...(event.data as object) }).filter((name) => !PERSONAL_MEMBERS.includes(name))).toEqual(
      Object.keys(data as object),
    );
  });

  test('has nothing personal of any event, wherever a publisher has put it', () => {
    const secrets = ['+821012345678', 'tok_visa_4242', 'customer-77', 'Kim Minji', 'kim@example.com', 'for Kim'];
    const [phone, token, customerId, name, mail, label] = secrets;
    const extras = {
      customer: { id: customerId, phone, locale: 'ko', name },
      phone,
      token,
      label,
      reference: token,
      tracestate: `shop=${customerId}`,
      carrier: name,
      number: phone,
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.nat(),
        fc.subarray(Object.entries(extras), { minLength: 1 }),
        fc.subarray(['customerid', 'email', 'subject'] as const),
        (sample, place, members, extensions) => {
          const event = structuredClone(sample);
          const holders = findObjects(event);
          Object.assign(holders[place % holders.length] ?? event, Object.fromEntries(members));
          for (const extension of extensions) event[extension] = extension === 'customerid' ? customerId : mail;
          const body = bodyOrNone(event);
          for (const secret of secrets) expect(body).not.toContain(secret);
        },
      ),
    );
  });

  test('keeps a subject only where it is the order', () => {
    const event = {
      ...JSON.parse(sampleOf('shop.order.cancelled.v1')),
      subject: 'o-1',
      data: { orderId: 'o-1', reason: 'customer' },
    };
    expect(posted(event).subject).toBe('o-1');
    expect(posted({ ...event, subject: 'kim@example.com' })).not.toHaveProperty('subject');
  });
});

/** Lists the objects in a value, to be changed. */
function findObjects(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(findObjects);
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(findObjects)];
}

describe('A webhook-id', () => {
  const id = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' });

  test('is the same for an event at an endpoint, and of a form that a signature can be made of', () => {
    fc.assert(
      fc.property(id, id, id, (endpoint, source, event) => {
        const webhookId = webhookIdOf(endpoint, { source, id: event });
        expect(webhookIdOf(endpoint, { source, id: event })).toBe(webhookId);
        expect(webhookId).toMatch(/^msg_[\w-]{43}$/);
      }),
    );
  });

  test('is another for another endpoint, source or event, however their parts are split', () => {
    const ids = [
      webhookIdOf('erp', { source: '/shop/order', id: 'e-1' }),
      webhookIdOf('erp', { source: '/shop/orde', id: 're-1' }),
      webhookIdOf('erp', { source: '/shop/order', id: 'e-2' }),
      webhookIdOf('crm', { source: '/shop/order', id: 'e-1' }),
    ];
    expect(new Set(ids).size).toBe(4);
  });
});

describe('An answer', () => {
  const NOW = Date.parse('2026-11-27T12:00:00Z');
  const failure = (status: number, retryAfter?: string) => failureOf('erp', { status, retryAfter }, NOW);

  test.each([200, 201, 202, 204, 299])('of %i is a success', (status) => {
    expect(failure(status)).toBeUndefined();
  });

  test('of 410 is final', () => {
    expect(failure(410)).toMatchObject({ name: 'EndpointGoneError' });
  });

  test.each([
    0, 101, 300, 301, 304, 307, 308, 400, 401, 403, 404, 408, 409, 422, 425, 429, 451, 500, 501, 502, 503, 504, 599,
  ])('of %i is retried for days, because its operator may mend it', (status) => {
    expect(failure(status)).toMatchObject({ message: expect.stringContaining(`The endpoint erp answered ${status}`) });
    expect(failureActionFor(failure(status))).toMatchObject({ action: 'retry' });
  });

  test.each([
    [429, '120', 120],
    [503, '0', 0],
    [503, 'Fri, 27 Nov 2026 12:05:00 GMT', 300],
    [429, '86400', 3_600],
    [429, '999999999', 3_600],
  ])('of %i with Retry-After %s is retried no sooner, and within the hour', (status, retryAfter, seconds) => {
    expect(failure(status, retryAfter)).toMatchObject({ name: 'ThrottledError', retryAfterSeconds: seconds });
    const history = { sentAtMs: NOW, firstReceivedAtMs: NOW, attempts: 1 };
    const retry = retryOf(failure(status, retryAfter), history, { firstSeconds: 1, maxSeconds: 1 }, NOW);
    expect(retry).toEqual({ seconds: Math.max(1, seconds) });
  });

  test('of an endpoint that always asks for patience is given up as every other', () => {
    const history = { sentAtMs: NOW - 73 * 3_600_000, firstReceivedAtMs: NOW - 73 * 3_600_000, attempts: 500 };
    expect(retryOf(failure(429, '60'), history, { firstSeconds: 2, maxSeconds: 900 }, NOW)).toEqual({
      givenUp: 'given up after 3 days',
    });
  });

  test.each([
    [429, 'soon'],
    [429, '-1'],
    [503, 'Fri, 27 Nov 2020 12:00:00 GMT'],
    [500, '120'],
  ])('of %i with Retry-After %s is retried as any other', (status, retryAfter) => {
    expect(failure(status, retryAfter)).toMatchObject({ name: 'UnavailableError' });
  });
});
