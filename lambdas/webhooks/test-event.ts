import { randomUUID } from 'node:crypto';
import { withTimeout } from '../runtime/circuit-breaker.ts';
import { describeError } from '../runtime/failure.ts';
import { openFence } from '../runtime/fence.ts';
import type { SignedPost } from './endpoint.ts';
import { failureOf, webhookIdOf } from './rules.ts';

/** How an endpoint answered a test event. `error` says why it is not `ok`. */
export type TestResult = { ok: boolean; status?: number; milliseconds: number; webhookId: string; error?: string };

/** The event that tells an endpoint's operator that events arrive; no contract of the shop has it. */
export const TEST_EVENT_TYPE = 'shop.webhooks.test.v1';

/** Posts a test event once, whether or not the endpoint is disabled, and changes nothing that is known of it. */
export async function postTestEvent(
  endpoint: string,
  connect: () => Promise<SignedPost>,
  callSeconds: number,
  now = Date.now,
): Promise<TestResult> {
  const startedAt = now();
  const event = {
    specversion: '1.0' as const,
    id: randomUUID(),
    source: '/shop/webhooks',
    type: TEST_EVENT_TYPE,
    time: new Date(startedAt).toISOString(),
    datacontenttype: 'application/json',
    data: { endpoint },
  };
  const webhookId = webhookIdOf(endpoint, event);
  const answered = (rest: Pick<TestResult, 'ok' | 'status' | 'error'>): TestResult => ({
    ...rest,
    milliseconds: now() - startedAt,
    webhookId,
  });
  try {
    const post = await connect();
    const webhook = { id: webhookId, body: JSON.stringify(event) };
    const answer = await withTimeout(callSeconds, `endpoint ${endpoint}`, openFence, ({ signal }) =>
      post(webhook, signal),
    );
    const failure = failureOf(endpoint, answer, now());
    if (failure === undefined) return answered({ ok: true, status: answer.status });
    return answered({ ok: false, status: answer.status, error: failure.message });
  } catch (error) {
    return answered({ ok: false, error: describeError(error).errorMessage });
  }
}
