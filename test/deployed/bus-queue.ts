import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { bus, output, sqs } from './deployed-shop.ts';

/** Subscribes a queue to what the bus says of these types, as a team does; `detail` narrows it down, for example to one source. Returns its URL. */
export async function subscribeToBus(types: readonly string[], detail?: object): Promise<string> {
  const name = `team-${ulid()}`;
  const EventBusName = output('EventBusName');
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  const Arn = (await sqs.send(ask)).Attributes?.QueueArn ?? '';
  const allow = { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage' };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...allow, Resource: Arn }] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const EventPattern = JSON.stringify({ 'detail-type': types, ...(detail === undefined ? {} : { detail }) });
  await bus.send(new PutRuleCommand({ Name: name, EventBusName, EventPattern }));
  await bus.send(
    new PutTargetsCommand({ Rule: name, EventBusName, Targets: [{ Id: 'team', Arn, InputPath: '$.detail' }] }),
  );
  return QueueUrl;
}
