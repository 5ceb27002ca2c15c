import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { NotificationSent } from '../../../contracts/notification.ts';
import type { OrderCancelled, OrderConfirmed, OrderPlaced } from '../../../contracts/order.ts';
import { textFor } from '../../../lambdas/notification/texts.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { cloudEvent, publish } from './publish.ts';
import { type Guard, isRefusal, tables } from './table.ts';

const TableName = requireEnv('TABLE_NAME');
// A repeated text is worse than a late one.
const sms = new SNSClient({ maxAttempts: 1 });

type Contact = { phone: string; locale: string };

/** Keeps how to reach the customer of a placed order. */
async function noteContact({ data: { orderId, customer } }: OrderPlaced): Promise<void> {
  await tables.send(
    new UpdateCommand({
      TableName,
      Key: { orderId },
      UpdateExpression: 'SET phone = :phone, locale = :locale',
      ExpressionAttributeValues: { ':phone': customer.phone, ':locale': customer.locale },
    }),
  );
}

/** Texts the customer what was decided: notes that it is done, does it, and says so. Throws where the contact is not known yet. */
async function textDecision(event: OrderConfirmed | OrderCancelled, guard: Guard): Promise<void> {
  const { orderId } = event.data;
  const template = event.type === 'shop.order.confirmed.v1' ? 'order-confirmed' : 'order-cancelled';
  const time = new Date().toISOString();
  const contact = await claim(orderId, time, guard);
  if (contact !== undefined) {
    await sms.send(
      new PublishCommand({ PhoneNumber: contact.phone, Message: textFor(template, contact.locale, orderId) }),
    );
  }
  await publish(
    cloudEvent<NotificationSent>({
      type: 'shop.notification.sent.v1',
      source: '/shop/notification',
      id: `${orderId}.${template}`,
      subject: orderId,
      time,
      data: { orderId, template },
    }),
  );
}

/** Gives whom to text; nobody where the guard finds that it was done. */
async function claim(orderId: string, time: string, guard: Guard): Promise<Contact | undefined> {
  try {
    const { Attributes } = await tables.send(
      new UpdateCommand({
        TableName,
        Key: { orderId },
        UpdateExpression: 'SET sentAt = :time',
        ConditionExpression: `attribute_exists(phone)${guard === 'once' ? ' AND attribute_not_exists(sentAt)' : ''}`,
        ExpressionAttributeValues: { ':time': time },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return Attributes as Contact;
  } catch (error) {
    if (isRefusal(error) && error.Item?.sentAt !== undefined) return undefined;
    throw error;
  }
}

/** Does what a message asks of notification. */
export const notify = (event: OrderPlaced | OrderConfirmed | OrderCancelled, guard: Guard) =>
  event.type === 'shop.order.placed.v1' ? noteContact(event) : textDecision(event, guard);
