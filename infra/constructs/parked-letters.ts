import { CfnOutput, Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DEAD_LETTER_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import type { Settings } from '../settings.ts';
import { ShopQueue } from './shop-queue.ts';

export type ParkedLettersProps = {
  /** Renews what is parked, and puts it back in the end. */
  sweep: LambdaFunction;
  /** Where letters are parked from. */
  deadLetterQueues: readonly IQueue[];
  settings: Pick<Settings, 'parkedDays'>;
  removalPolicy: RemovalPolicy;
};

/**
 * Keeps dead letters that somebody looks after, out of sight of the alarms (docs/dead-letters.md#parking). It is encrypted as the dead-letter queues are,
 * and a standard queue for those of the lifecycle feed too: nothing is read from it in sequence.
 */
export class ParkedLetters extends Construct {
  constructor(scope: Construct, id: string, { sweep, deadLetterQueues, settings, removalPolicy }: ParkedLettersProps) {
    super(scope, id);
    const queue = new ShopQueue(this, 'Queue', {
      key: undefined,
      kind: 'parked',
      removalPolicy,
      retentionPeriod: Duration.days(DEAD_LETTER_RETENTION_DAYS),
    });
    const reason = 'What is in it failed before, and nothing but a command or the sweep receives from it.';
    Validations.of(queue).acknowledge(
      { id: 'AwsSolutions-SQS3', reason },
      { id: 'Serverless-SQSRedrivePolicy', reason },
    );
    sweep.addEnvironment('PARKED_LETTERS_QUEUE_URL', queue.queueUrl);
    sweep.addEnvironment('PARKED_DAYS', String(settings.parkedDays));
    const grant = (actions: string[], queues: readonly IQueue[]) =>
      Grant.addToPrincipal({
        grantee: sweep,
        actions: actions.map((action) => `sqs:${action}`),
        resourceArns: queues.map(({ queueArn }) => queueArn),
      });
    grant(['ReceiveMessage', 'SendMessage', 'DeleteMessage', 'ChangeMessageVisibility'], [queue]);
    // A letter says which of them it goes back to: with the URLs of many partners the function's environment would be too large.
    grant(['SendMessage'], deadLetterQueues);
    const output = (name: string, value: string) => new CfnOutput(Stack.of(this), name, { value });
    output('ParkedLettersQueueUrl', queue.queueUrl);
    output('ParkedDays', String(settings.parkedDays));
  }
}
