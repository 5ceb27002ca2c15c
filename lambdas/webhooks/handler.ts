import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as v from 'valibot';
import { logBreakerTransitions } from '../runtime/breaker-log.ts';
import { circuitBreaker } from '../runtime/circuit-breaker.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { queueFromEnvironment } from '../runtime/queue-function.ts';
import { rotatingKeysReader } from '../runtime/secret-reader.ts';
import { type Deliver, endpointDelivery, type SignedPost, signedPost } from './endpoint.ts';
import { dynamoEndpointTable } from './endpoint-table.ts';
import { endpointHealth } from './health.ts';
import { poster } from './post.ts';
import { postTestEvent, type TestResult } from './test-event.ts';
import { webhooksConsumer } from './webhooks-consumer.ts';

/** Asks for a test event instead of delivering messages: a synchronous invocation of `ops webhooks test`. */
type TestRequest = { test: { endpoint: string } };

const endpointsSchema = v.record(v.string(), v.object({ url: v.string(), secret: v.string() }));
const allowPrivateSchema = v.array(v.string());

// The time of one call, from the name's resolution to the end of the answer.
const CALL_SECONDS = 10;
// A dead endpoint is probed once a minute by each instance; a call that hangs takes ten seconds of its batch.
const MAX_OPEN_SECONDS = 60;

export const handler = lambdaHandler('webhooks', () => {
  const endpoints = v.parse(endpointsSchema, JSON.parse(requireEnv('WEBHOOK_ENDPOINTS')));
  const allowPrivate = v.parse(allowPrivateSchema, JSON.parse(requireEnv('WEBHOOK_ALLOW_PRIVATE')));
  const table = dynamoEndpointTable(requireEnv('TABLE_NAME'));
  const post = poster(allowPrivate);
  const connections = new Map<string, () => Promise<SignedPost>>();
  const deliveries = new Map<string, Deliver>();
  for (const [name, { url, secret }] of Object.entries(endpoints)) {
    const readKeys = rotatingKeysReader(`The secret of endpoint ${name}`, secret);
    const connect = async () => signedPost({ name, url }, await readKeys(), post);
    const breaker = circuitBreaker({
      downstream: `endpoint ${name}`,
      callSeconds: CALL_SECONDS,
      maxOpenSeconds: MAX_OPEN_SECONDS,
      onTransition: logBreakerTransitions('webhooks'),
    });
    connections.set(name, connect);
    deliveries.set(name, endpointDelivery({ name, connect, health: endpointHealth(name, table), breaker }));
  }
  const receive = webhooksConsumer(queueFromEnvironment('webhooks'), deliveries);

  return async (
    request: SQSEvent | TestRequest,
    context?: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<SQSBatchResponse | TestResult> => {
    if (!('test' in request)) return receive(request, context);
    const { endpoint } = request.test;
    const connect = connections.get(endpoint);
    if (connect === undefined) throw new Error(`\`webhooks.endpoints\` of the settings has no ${endpoint}`);
    return postTestEvent(endpoint, connect, CALL_SECONDS);
  };
});
