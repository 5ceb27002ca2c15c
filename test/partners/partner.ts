import '../deployed/provided.ts';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import {
  GetQueueAttributesCommand,
  type QueueAttributeName,
  SendMessageCommand,
  type SendMessageCommandInput,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { constructIdOf } from '../../infra/names.ts';
import { PARTNER_RECEIVES } from '../../infra/partner-settings.ts';
import { engineClientConfig } from '../../localstack/environment.ts';
import { STACK_NAME } from '../../ops/stack.ts';
import { depth, eventually, output, sqs, takeMessage } from '../deployed/deployed-shop.ts';

/** A partner's queue, as the stack made it, with what the tests do at its other end. */
export class Partner {
  readonly queueUrl: string;
  private readonly deadLetterQueueUrl: string;
  private readonly id: string;

  constructor(name: string) {
    this.id = `Partner${constructIdOf(name)}`;
    this.queueUrl = output(`${this.id}QueueUrl`);
    this.deadLetterQueueUrl = output(`${this.id}DeadLetterQueueUrl`);
  }

  /** Sends an event, or any text, as the shop or a replay does. */
  async send(
    body: object | string,
    more: Omit<SendMessageCommandInput, 'QueueUrl' | 'MessageBody'> = {},
  ): Promise<void> {
    const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
    await sqs.send(new SendMessageCommand({ QueueUrl: this.queueUrl, MessageBody, ...more }));
  }

  /** Waits until all messages were deleted or dead-lettered. */
  async drained(): Promise<void> {
    await eventually(
      'the partner queue is empty',
      async () => {
        const { waiting, inFlight } = await depth(this.queueUrl);
        return waiting + inFlight === 0;
      },
      60,
    );
  }

  /** Removes the dead letter with this body, and returns whether there was one. */
  async takeDeadLetter(wanted: string): Promise<boolean> {
    return (await takeMessage(this.deadLetterQueueUrl, (body) => body === wanted)) !== undefined;
  }

  /** Waits for a dead letter with this body, and removes it. */
  async deadLettered(wanted: string): Promise<void> {
    await eventually('the message is dead-lettered', () => this.takeDeadLetter(wanted), 60);
  }

  /** Makes SQS quicker than the stack does: what a killed reader held is there again after seconds, and may fail less often. */
  async hurry(maxReceiveCount = PARTNER_RECEIVES): Promise<void> {
    const { deadLetterTargetArn } = JSON.parse(await this.attribute('RedrivePolicy'));
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
    const Attributes = { VisibilityTimeout: '3', RedrivePolicy };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: this.queueUrl, Attributes }));
  }

  /** Reads the actions on the queue that the partner's policy allows, `ReceiveMessage` for example. */
  async allowedActions(): Promise<string[]> {
    const client = new CloudFormationClient(engineClientConfig(inject('endpoint')));
    const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName: STACK_NAME }));
    const resources: Record<string, Resource> = JSON.parse(TemplateBody).Resources;
    const policies = Object.entries(resources).filter(
      ([id, { Type }]) => Type === 'AWS::IAM::ManagedPolicy' && id.startsWith(`${this.id}Policy`),
    );
    return policies.flatMap(([, { Properties }]) =>
      Properties.PolicyDocument.Statement.flatMap(({ Action }) => Action).flatMap((action) =>
        action.startsWith('sqs:') ? [action.slice('sqs:'.length)] : [],
      ),
    );
  }

  private async attribute(name: QueueAttributeName): Promise<string> {
    const ask = new GetQueueAttributesCommand({ QueueUrl: this.queueUrl, AttributeNames: [name] });
    return (await sqs.send(ask)).Attributes?.[name] ?? '';
  }
}

type Resource = { Type: string; Properties: { PolicyDocument: { Statement: { Action: string | string[] }[] } } };
