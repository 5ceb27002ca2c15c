import { Names } from 'aws-cdk-lib';
import { CfnTopic, FifoThroughputScope, Topic, type TopicProps } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

const FIFO = '.fifo';
// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
const MAX_NAME_LENGTH = 256;

/**
 * Publishes each order's steps in order. It is named after its stack, as CloudFormation names every other resource, because the key's policy
 * and the roles of deployments go by that name; CDK's own name for a FIFO topic leaves out the stack name's hyphens.
 */
export class LifecycleTopic extends Topic {
  constructor(scope: Construct, id: string, props: TopicProps) {
    super(scope, id, { ...props, fifo: true, fifoThroughputScope: FifoThroughputScope.MESSAGE_GROUP });
    const resource = this.node.defaultChild;
    if (!(resource instanceof CfnTopic)) throw new Error('A topic has no resource of its type');
    const maxLength = MAX_NAME_LENGTH - FIFO.length;
    const name = Names.uniqueResourceName(this, { maxLength, separator: '-', allowedSpecialCharacters: '-' });
    resource.topicName = `${name}${FIFO}`;
  }
}
