import { Stack } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-xray';
import type { Construct } from 'constructs';

/**
 * Allows SNS to report deliveries of topics with active tracing to X-Ray, which the console does by itself and CloudFormation
 * does not (https://docs.aws.amazon.com/sns/latest/dg/sns-active-tracing.html).
 */
export function allowTopicTracing(scope: Construct, topics: readonly ITopic[]): void {
  const stack = Stack.of(scope);
  new CfnResourcePolicy(scope, 'TopicTraces', {
    policyName: `${stack.stackName}-topics`,
    policyDocument: stack.toJsonString({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'sns.amazonaws.com' },
          Action: ['xray:PutTraceSegments', 'xray:GetSamplingRules', 'xray:GetSamplingTargets'],
          Resource: '*',
          Condition: {
            StringEquals: { 'aws:SourceAccount': stack.account },
            ArnEquals: { 'aws:SourceArn': topics.map(({ topicArn }) => topicArn) },
          },
        },
      ],
    }),
  });
}
