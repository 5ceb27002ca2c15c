import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer, type IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Context, SQSEvent } from 'aws-lambda';
import { buildEvent, type CloudEvent } from '../../../../contracts/cloud-event.ts';
import { paymentCaptured } from '../../../../contracts/payment.ts';
import type { PaymentInput } from '../../../../lambdas/payment/rules.ts';
import { decide } from './decide.ts';
import { type OrderRecord, orderRecord } from './powertools-record.ts';

/** A store that takes everything at once and keeps nothing. */
class Nowhere extends BasePersistenceLayer {
  protected async _deleteRecord(): Promise<void> {}
  protected async _getRecord(): Promise<IdempotencyRecord> {
    throw new Error('Nothing is read in what is measured');
  }
  protected async _putRecord(): Promise<void> {}
  protected async _updateRecord(): Promise<void> {}
}

const logger = new Logger({ serviceName: 'payment' });
const config = new IdempotencyConfig({ eventKeyJmesPath: 'data.orderId' });
const processor = new BatchProcessor(EventType.SQS, { parser, schema: orderRecord, logger });
const publish = async (event: CloudEvent): Promise<void> => void event;
const capture = async (): Promise<'captured'> => 'captured';

const pay = makeIdempotent(
  async (event: PaymentInput, messageId: string, attempt: number) => {
    const { orderId } = event.data;
    const { after } = decide(event, messageId, attempt);
    const { money, time = new Date().toISOString() } = after ?? {};
    if (money === undefined) return;
    const state = await capture();
    await publish(
      buildEvent(paymentCaptured, {
        id: `${orderId}.${state}`,
        time,
        subject: orderId,
        traceparent: event.traceparent,
        data: { orderId, ...money },
      }),
    );
  },
  { persistenceStore: new Nowhere(), config },
);

async function recordHandler({ body, messageId, attributes }: OrderRecord): Promise<void> {
  const attempt = Number(attributes.ApproximateReceiveCount);
  await pay(body, messageId, attempt);
  logger.info('done', { orderId: body.data.orderId, messageId, eventType: body.type, attempt });
}

/** Batch, parser, logger and idempotency, with a store, a gateway and a bus that answer at once. */
export const handler = (event: SQSEvent, context: Context) => {
  logger.addContext(context);
  config.registerLambdaContext(context);
  return processPartialResponse(event, recordHandler, processor, { context });
};
