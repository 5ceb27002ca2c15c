import { Agent, request } from 'node:http';

/** One message as SQS hands it out. */
export type Received = {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes?: Record<string, string>;
};

/** A queue as Lambda's event source mapping sees it. */
export type QueueClient = {
  receive(): Promise<readonly Received[]>;
  remove(messages: readonly Received[]): Promise<void>;
};

/**
 * Takes a queue's URL and gives what receives from it in batches of ten, and deletes. Plain HTTP instead of the SDK: what Lambda's own
 * pollers cost is nobody's code in this comparison.
 */
export function queueClient(queueUrl: string): QueueClient {
  const agent = new Agent({ keepAlive: true });
  const call = (operation: string, body: object) =>
    new Promise<{ Messages?: Received[] }>((answered, failed) => {
      const headers = {
        'x-amz-target': `AmazonSQS.${operation}`,
        'content-type': 'application/x-amz-json-1.0',
        authorization: AUTHORIZATION,
      };
      const sent = request(queueUrl, { method: 'POST', path: '/', agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => {
          if (response.statusCode !== 200)
            failed(new Error(`${operation} was answered ${response.statusCode}: ${text}`));
          else answered(text === '' ? {} : JSON.parse(text));
        });
      });
      sent.once('error', failed).end(JSON.stringify({ QueueUrl: queueUrl, ...body }));
    });
  return {
    async receive() {
      const { Messages = [] } = await call('ReceiveMessage', {
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      return Messages;
    },
    async remove(messages) {
      const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await call('DeleteMessageBatch', { Entries });
    },
  };
}

// LocalStack tells by it which service is meant.
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0';
