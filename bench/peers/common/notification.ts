import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { NotificationSent } from '../../../contracts/notification.ts';
import type { OrderConfirmed } from '../../../contracts/order.ts';
import { textFor } from '../../../lambdas/notification/texts.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { cloudEvent } from './cloud-event.ts';
import type { PlacedOrder } from './placed-order.ts';
import { publish } from './publish.ts';
import { isConditionFailure, tables, type WriteMode } from './table.ts';

const TableName = requireEnv('TABLE_NAME');
// A repeated text is worse than a late one.
const sms = new SNSClient({ maxAttempts: 1 });

type Contact = { phone: string; locale: string };

/** Saves the contact of a placed order, and texts a confirmed one's. */
export const handle = (event: PlacedOrder | OrderConfirmed, mode: WriteMode): Promise<void> =>
  event.type === 'shop.order.placed.v1' ? saveContact(event) : sendConfirmation(event, mode);

async function saveContact({ data: { orderId, customer } }: PlacedOrder): Promise<void> {
  await tables.send(
    new UpdateCommand({
      TableName,
      Key: { orderId },
      UpdateExpression: 'SET phone = :phone, locale = :locale',
      ExpressionAttributeValues: { ':phone': customer.phone, ':locale': customer.locale },
    }),
  );
}

/** Texts the customer, recorded before it is sent, and publishes that. Throws if the contact is not known yet. */
async function sendConfirmation({ data: { orderId } }: OrderConfirmed, mode: WriteMode): Promise<void> {
  const template = 'order-confirmed';
  const time = new Date().toISOString();
  const contact = await claimText(orderId, time, mode);
  if (contact !== undefined) {
    const Message = textFor(template, contact.locale, orderId);
    await sms.send(new PublishCommand({ PhoneNumber: contact.phone, Message }));
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

/** Records that the text is sent; `undefined` if it was before. */
async function claimText(orderId: string, time: string, mode: WriteMode): Promise<Contact | undefined> {
  try {
    const { Attributes } = await tables.send(
      new UpdateCommand({
        TableName,
        Key: { orderId },
        UpdateExpression: 'SET sentAt = :time',
        ConditionExpression: `attribute_exists(phone)${mode === 'conditional' ? ' AND attribute_not_exists(sentAt)' : ''}`,
        ExpressionAttributeValues: { ':time': time },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return Attributes as Contact;
  } catch (error) {
    if (isConditionFailure(error) && error.Item?.sentAt !== undefined) return undefined;
    throw error;
  }
}
