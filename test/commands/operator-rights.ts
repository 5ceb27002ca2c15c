import { actionsOfCall } from '../builders/command-actions.ts';
import { type Access, isAllowed } from '../builders/iam-policy.ts';
import type { AwsCall } from './aws-call.ts';
import { arnOf, lastPart, STACK, type StandInStack } from './stand-in-stack.ts';

// What AWS is asked is JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** What the caller of a service may do with the key of what is encrypted, through that service. */
const KEY_ACTIONS: readonly [RegExp, readonly string[]][] = [
  [/^(dynamodb:.+|s3:GetObject|sqs:ReceiveMessage)$/, ['kms:Decrypt']],
  [/^s3:PutObject$/, ['kms:GenerateDataKey']],
  [/^(sns:Publish|sqs:SendMessage)$/, ['kms:Decrypt', 'kms:GenerateDataKey']],
];

/** On which resources a call is made, with their deployed names; on none where AWS names none. */
const RESOURCES: Readonly<Record<string, (input: Json, deployed: (name: string) => string) => readonly string[]>> = {
  cloudformation: () => [`stack/${STACK}/1`],
  // An alarm's name begins with the bus's.
  cloudwatch: ({ AlarmName }, deployed) =>
    some(AlarmName, (name) => `alarm:${name.replace(/^[^-]+/, (bus) => deployed(bus))}`),
  dynamodb: ({ TableName, IndexName, RequestItems = {}, Statements = [] }, deployed) =>
    [
      ...some(TableName, (name) => name),
      ...Object.keys(RequestItems),
      ...Statements.map(({ Statement }: Json) => /^UPDATE "([^"]+)"/.exec(Statement)?.[1] ?? Statement),
    ].map((name) => ['table', deployed(name), ...some(IndexName, (index) => `index/${index}`)].join('/')),
  events: ({ Rule, Name = Rule, EventBusName, Entries = [] }, deployed) => [
    ...some(Name, (name) => ['rule', ...some(EventBusName, deployed), name].join('/')),
    ...Entries.map((entry: Json) => `event-bus/${deployed(entry.EventBusName)}`),
  ],
  kms: ({ KeyId }) => [`key/${lastPart(KeyId)}`],
  lambda: ({ FunctionName, UUID }, deployed) => [
    ...some(FunctionName, (name) => `function:${deployed(lastPart(name))}`),
    ...some(UUID, (id) => `event-source-mapping:${id}`),
  ],
  logs: ({ logGroupName }) => [`log-group:${logGroupName}:log-stream:`],
  s3: ({ Bucket, Key }, deployed) => [[deployed(Bucket), ...some(Key, (key) => key)].join('/')],
  // What is asked of a subscription is allowed by its topic.
  sns: ({ SubscriptionArn, TopicArn = SubscriptionArn?.replace(/:[^:]+$/, '') }, deployed) => [
    deployed(lastPart(TopicArn)),
  ],
  sqs: ({ QueueUrl, QueueName = lastPart(QueueUrl) }, deployed) => [deployed(QueueName)],
};

const some = (name: string | undefined, write: (name: string) => string): string[] =>
  name === undefined ? [] : [write(name)];

/** Lists what policies of operators do not allow of calls, each once: `sqs:SendMessage on arn:…`. */
export function refusedCalls(
  stack: StandInStack,
  kinds: readonly ('Read' | 'Repair')[],
  calls: readonly AwsCall[],
): string[] {
  const statements = kinds.flatMap((kind) => stack.statements(kind));
  const refused = calls.flatMap((call) => accessesOf(stack, call)).filter((access) => !isAllowed(statements, access));
  return [...new Set(refused.map(({ action, resource }) => `${action} on ${resource}`))];
}

function accessesOf(stack: StandInStack, call: AwsCall): Access[] {
  const { service, operation, input } = call;
  const found = RESOURCES[service]?.(input, (name) => stack.find(name).name);
  if (found === undefined) throw new Error(`Say in ${import.meta.filename} on what calls of ${service} are made`);
  const resources = found.length === 0 ? ['*'] : found.map((one) => arnOf(service, one));
  const context = contextOf(stack, call);
  const own = actionsOfCall(service, operation).flatMap((action) =>
    resources.map((resource) => ({ action, resource, context })),
  );
  return [...own, ...own.flatMap((access) => keyAccesses(stack, access))];
}

/** Returns the condition keys of a call that policies of operators ask for. */
function contextOf(stack: StandInStack, { service, input }: AwsCall): Access['context'] {
  const { QueueUrl, UUID, Entries = [] } = input;
  if (service === 'events') {
    const of = (member: string) => Entries.map((entry: Json) => entry[member]);
    return { 'events:source': of('Source'), 'events:detail-type': of('DetailType') };
  }
  const mapping = stack.ofType('AWS::Lambda::EventSourceMapping').find(({ id }) => id === UUID);
  if (mapping !== undefined) {
    return { 'lambda:FunctionArn': [arnOf('lambda', `function:${mapping.properties.FunctionName}`)] };
  }
  const tags: Json = stack.find(lastPart(QueueUrl ?? '')).resource?.Properties?.Tags ?? [];
  return Object.fromEntries(tags.map(({ Key, Value }: Json) => [`aws:ResourceTag/${Key}`, [Value]]));
}

function keyAccesses(stack: StandInStack, { action, resource }: Access): Access[] {
  const key = stack.keyOf(resource);
  const [, , service] = resource.split(':');
  const actions = KEY_ACTIONS.find(([pattern]) => pattern.test(action))?.[1] ?? [];
  if (key === undefined) return [];
  const context = { 'kms:ViaService': [`${service}.us-east-1.amazonaws.com`] };
  return actions.map((one) => ({ action: one, resource: key, context }));
}
