import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { acknowledgements, separateProbes } from '../runtime/answer-probes.ts';
import { callLimits } from '../runtime/call-limits.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { writeLines } from '../runtime/log.ts';
import { doneLine } from '../runtime/metrics.ts';
import { ARCHIVE_MEDIA, toArchiveObjects } from './object.ts';

/** Archives a batch of messages, compressed together, and leaves out probes. Throws, so that the whole batch is tried again, where S3 did not accept an object. */
export const handler = lambdaHandler('archive', () => {
  const Bucket = requireEnv('BUCKET_NAME');
  // The name of a host that stands in for AWS need not have names below it.
  const client = new S3Client({ ...callLimits(), forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });

  return async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const { probes, messages: records } = separateProbes(Records);
    const messages = records.map(({ body, attributes }) => ({
      time: new Date(Number(attributes.SentTimestamp)).toISOString(),
      body,
    }));
    const puts = toArchiveObjects(messages).map(({ key, content }) =>
      client.send(new PutObjectCommand({ Bucket, Key: key, Body: content, ...ARCHIVE_MEDIA })),
    );
    await Promise.all(puts);
    const done = messages.length === 0 ? [] : [doneLine('archive', messages.length)];
    writeLines([...acknowledgements('archive', probes), ...done]);
    return { batchItemFailures: [] };
  };
});
