import type { LambdaFunctionURLResult } from 'aws-lambda';
import { ContractError } from '../../contracts/parse.ts';
import { describeForLog } from '../runtime/failure.ts';
import { type LogFields, logLine } from '../runtime/log.ts';
import { NAMESPACE } from '../runtime/metrics.ts';
import { Refusal } from './refusal.ts';
import type { IntakeAnswer } from './rules.ts';

/** After how many seconds a sender should repeat what could not be taken in. */
const RETRY_AFTER_SECONDS = 10;

/** Answers a request that was not taken in: 4xx where the sender has to change something, else 503, with which it may repeat the request as it is. */
export function answerTo(error: unknown): IntakeAnswer {
  if (error instanceof ContractError) return { status: 400, body: { problems: error.problems } };
  if (error instanceof Refusal) return { status: error.status, body: { error: error.message }, headers: error.headers };
  return {
    status: 503,
    body: { error: 'the message could not be taken in: send it again' },
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
  };
}

/** Forms the result of the function from an answer. */
export const resultOf = ({ status, body, headers }: IntakeAnswer): LambdaFunctionURLResult => ({
  statusCode: status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

const metricOf = (status: number) =>
  status < 400 ? 'IntakeAccepted' : status < 500 ? 'IntakeRefused' : 'IntakeFailed';

/** Formats the log line of a request, with its metric: who sent it and what it was answered, and nothing of its content but ids. */
export function requestLine(
  { status, event }: IntakeAnswer,
  { sender, error, startedAt }: { sender: string | undefined; error: unknown; startedAt: number },
  now = Date.now(),
): string {
  const metric = metricOf(status);
  const fields: LogFields = {
    consumer: 'intake',
    sender,
    status,
    eventId: event?.id,
    eventType: event?.type,
    orderId: orderIdOf(event?.data),
    tookMs: now - startedAt,
    ...(error === undefined ? {} : describeForLog(error)),
    [metric]: 1,
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        { Namespace: NAMESPACE, Dimensions: [['consumer']], Metrics: [{ Name: metric, Unit: 'Count' }] },
      ],
    },
  };
  const level = status < 400 ? 'INFO' : status < 500 ? 'WARN' : 'ERROR';
  return logLine(
    level,
    `answered ${sender ?? 'nobody that is known'} with ${status}`,
    fields,
    new Date(now).toISOString(),
  );
}

const orderIdOf = (data: unknown): string | undefined =>
  typeof data === 'object' && data !== null && 'orderId' in data ? String(data.orderId) : undefined;
