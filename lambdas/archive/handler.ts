import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { callLimits } from '../runtime/call-limits.ts';
import { requireEnv } from '../runtime/environment.ts';
import { ARCHIVE_MEDIA, toArchiveObjects } from './object.ts';

const Bucket = requireEnv('BUCKET_NAME');
// The name of a host that stands in for AWS need not have names below it.
const client = new S3Client({ ...callLimits(), forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });

/** Archives a batch of messages, compressed together. Throws, so that the whole batch is tried again, where S3 did not accept an object. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const messages = Records.map(({ body, attributes }) => ({
    time: new Date(Number(attributes.SentTimestamp)).toISOString(),
    body,
  }));
  const puts = toArchiveObjects(messages).map(({ key, content }) =>
    client.send(new PutObjectCommand({ Bucket, Key: key, Body: content, ...ARCHIVE_MEDIA })),
  );
  await Promise.all(puts);
  return { batchItemFailures: [] };
}
