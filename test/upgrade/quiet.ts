import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import type { SmsSettings } from '../../lambdas/notification/sms-settings.ts';
import { eventually, output, queueUrl, sqs, tables } from '../deployed/deployed-shop.ts';
import { connection } from '../faults/deployed-functions.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { sqsEvent } from '../harness/sqs-event.ts';

const lambda = new LambdaClient(connection());

/**
 * Has the text of a confirmed order wait for the end of quiet hours: hands the function the message that waits for it, while it is quiet.
 * Then the message is visible again, as it is when quiet hours end.
 */
export async function holdText({ orderId }: TestOrder): Promise<void> {
  const FunctionName = await notificationFunction();
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const settings = JSON.parse(Environment?.Variables?.SMS_SETTINGS ?? '{}') as SmsSettings;
  // All numbers here are Korean.
  const hour = (new Date().getUTCHours() + 9) % 24;
  const quietHours = { from: hour, to: (hour + 3) % 24 };
  await configure(FunctionName, {
    ...Environment?.Variables,
    SMS_SETTINGS: JSON.stringify({ ...settings, quietHours }),
  });

  const message = await receiveConfirmation(orderId);
  const Payload = JSON.stringify(sqsEvent([message]));
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  expect(FunctionError).toBeUndefined();
  const { Item } = await tables.send(
    new GetCommand({ TableName: output('NotificationsTableName'), Key: { orderId }, ConsistentRead: true }),
  );
  expect(Item?.texts).toEqual({ 'order-confirmed': { notBefore: expect.any(String) } });

  await configure(FunctionName, { ...Environment?.Variables });
  await release(message);
}

async function notificationFunction(): Promise<string> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl('notification'), AttributeNames: ['QueueArn'] }),
  );
  const ask = new ListEventSourceMappingsCommand({ EventSourceArn: Attributes?.QueueArn });
  return (await lambda.send(ask)).EventSourceMappings?.[0]?.FunctionArn ?? '';
}

async function configure(FunctionName: string, Variables: Record<string, string>): Promise<void> {
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName });
}

/** Receives the confirmation of an order from the queue; all other messages are visible again at once. */
async function receiveConfirmation(orderId: string): Promise<Message> {
  const others: Message[] = [];
  const found = await eventually(`the confirmation of ${orderId} is received`, async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl('notification'),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 120,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    const isWanted = ({ Body = '' }: Message) => Body.includes(orderId) && Body.includes('shop.order.confirmed.v1');
    others.push(...Messages.filter((message) => !isWanted(message)));
    return Messages.find(isWanted);
  });
  for (const message of others) await release(message);
  return found;
}

const release = ({ ReceiptHandle }: Message) =>
  sqs.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl('notification'), ReceiptHandle, VisibilityTimeout: 0 }),
  );
