import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AwsTarget } from '../aws-target.ts';
import { type QueueDepth, queueName, readQueueDepth, totalMessages } from '../queues.ts';

/** A queue of the stack that holds messages. */
export type OccupiedQueue = QueueDepth & { logicalId: string; queue: string };

/** Reads the depth of every queue and dead-letter queue of a stack and returns those that hold a message. */
export async function findOccupiedQueues({ config }: AwsTarget, stackName: string): Promise<OccupiedQueue[]> {
  const client = new SQSClient(config);
  const depths = await Promise.all(
    (await listQueues(config, stackName)).map(async ({ logicalId, url }) => ({
      logicalId,
      queue: queueName(url),
      ...(await readQueueDepth(client, url)),
    })),
  );
  return depths.filter((depth) => totalMessages(depth) > 0);
}

async function listQueues(
  config: AwsTarget['config'],
  StackName: string,
): Promise<{ logicalId: string; url: string }[]> {
  const queues: { logicalId: string; url: string }[] = [];
  for await (const page of paginateListStackResources({ client: new CloudFormationClient(config) }, { StackName })) {
    for (const {
      ResourceType,
      LogicalResourceId: logicalId = '',
      PhysicalResourceId: url,
    } of page.StackResourceSummaries ?? []) {
      if (ResourceType === 'AWS::SQS::Queue' && url !== undefined) queues.push({ logicalId, url });
    }
  }
  return queues;
}
