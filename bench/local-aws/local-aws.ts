import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Store, startStore } from './store.ts';
import { startTransport, type Transport } from './transport.ts';

export const REGION = 'us-east-1';
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Where each part of the local AWS listens: SNS and SQS, EventBridge and texts, DynamoDB. */
export type Endpoints = { queues: string; bus: string; store: string };

export type Clients = { dynamodb: DynamoDBClient; sns: SNSClient; sqs: SQSClient };

/** An AWS in memory, fast enough not to limit what is measured on it. */
export type LocalAws = {
  store: Store;
  transport: Transport;
  endpoints: Endpoints;
  clients: Clients;
  folder: string;
  stop(): Promise<void>;
};

/** Starts the store and the transport. */
export async function startLocalAws(folder: string, progress: (line: string) => void): Promise<LocalAws> {
  progress('starting the store and the in-memory SNS and SQS');
  const storeFolder = join(folder, 'store');
  await mkdir(storeFolder);
  const store = await startStore(storeFolder, progress);
  const transport = await startTransport();
  const clientOptions = { region: REGION, credentials: CREDENTIALS };
  return {
    store,
    transport,
    endpoints: { queues: transport.queues, bus: transport.bus, store: store.endpoint },
    clients: {
      dynamodb: new DynamoDBClient({ ...clientOptions, endpoint: store.endpoint }),
      sns: new SNSClient({ ...clientOptions, endpoint: transport.queues }),
      sqs: new SQSClient({ ...clientOptions, endpoint: transport.queues }),
    },
    folder,
    async stop() {
      await transport.stop();
      await store.stop();
    },
  };
}
