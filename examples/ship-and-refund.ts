// Says that goods of an order left, or asks to send money back, with the AWS SDK only.
// npx node examples/ship-and-refund.ts <topic ARN> shipped <order id> <carrier> <parcel number>
// npx node examples/ship-and-refund.ts <topic ARN> refund <order id> <refund id> <amount> [sku=quantity ...]
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

const event = (type: string, source: string, id: string, data: { orderId: string; [member: string]: unknown }) => ({
  specversion: '1.0',
  id,
  source,
  type,
  time: new Date().toISOString(),
  subject: data.orderId,
  data,
});

/** Builds the event that a parcel left. Its id follows from the parcel's: sent again it is the same parcel, with another id it is one more. */
export const shipped = (orderId: string, carrier: string, number: string) =>
  event('shop.order.shipped.v1', '/shop/warehouse', `${orderId}.shipped.${number}`, {
    orderId,
    parcel: { carrier, number },
  });

/**
 * Builds the request to send money back, in the minor unit of the order's currency, and to put the goods that came back on the shelf. Make the
 * refund's id up once, store it with the return, and send it again after any doubt: money and goods move once for each id.
 */
export const refundRequested = (
  orderId: string,
  refundId: string,
  amount: number,
  goods: readonly { sku: string; quantity: number }[] = [],
) =>
  event('shop.order.refund-requested.v1', '/shop/returns', `${orderId}.refund.${refundId}`, {
    orderId,
    refundId,
    amount,
    ...(goods.length > 0 && { items: goods.map((line) => ({ ...line, restock: true })) }),
  });

const parseGoods = (text: string) => {
  const end = text.lastIndexOf('=');
  return { sku: text.slice(0, end), quantity: Number(text.slice(end + 1)) };
};

async function main([topicArn, what, orderId = '', ...rest]: readonly string[]): Promise<void> {
  const [first = '', second = '', ...goods] = rest;
  const message =
    what === 'shipped'
      ? shipped(orderId, first, second)
      : refundRequested(orderId, first, Number(second), goods.map(parseGoods));
  const sns = new SNSClient({ retryMode: 'standard', maxAttempts: 5 });
  const { MessageId } = await sns.send(new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(message) }));
  console.log(`published ${message.id} as ${MessageId}`);
}

if (import.meta.main) await main(process.argv.slice(2));
