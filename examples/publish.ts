// An existing service publishes an order: the AWS SDK and nothing of ours.
// node examples/publish.ts <topic ARN> [order id]
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

const [topicArn, orderId = 'o-1001'] = process.argv.slice(2);
const event = {
  specversion: '1.0',
  id: crypto.randomUUID(),
  source: '/shop/checkout',
  type: 'shop.order.placed.v1',
  time: new Date().toISOString(),
  data: {
    orderId,
    customer: { id: 'c-7', phone: '+821012345678', locale: 'ko' },
    payment: { token: 'tok_visa' },
    items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12000 }],
    total: { amount: 12000, currency: 'KRW' },
  },
};
const { MessageId } = await new SNSClient({}).send(
  new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(event) }),
);
console.log(`published ${orderId} as ${MessageId}`);
