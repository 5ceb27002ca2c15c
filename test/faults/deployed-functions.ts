import './provided.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetFunctionConfigurationCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { constructIdOf } from '../../infra/names.ts';
import { type ConsumerName, routing } from '../../infra/routing.ts';
import { engineClientConfig, engineVariables } from '../../localstack/environment.ts';
import { queueUrl, sqs } from '../deployed/deployed-shop.ts';

/** What every AWS client of the harness is made with; the endpoint decides whether it goes through the proxy. */
export const connection = (endpoint: string = inject('endpoint')) => engineClientConfig(endpoint);

export const lambda = new LambdaClient(connection());

/** Every consumer of the stack. */
export const consumers = Object.keys(routing) as ConsumerName[];

/** The consumers whose queue is a standard one, where anything may come twice and in any order. */
export const standardConsumers = consumers.filter((name) =>
  routing[name].consumes.every(({ channel }) => channel !== 'lifecycle'),
);

/** One consumer as it was deployed. */
export type DeployedFunction = {
  name: string;
  bundle: string;
  environment: Record<string, string>;
  timeoutMs: number;
  mapping: string;
  visibilityTimeout: number;
};

type Template = { Resources: Record<string, { Type: string; Metadata?: Record<string, string> }> };

/** Loads a consumer's function as the stack deployed it: its real bundle, with its deployed environment. */
export async function deployedFunction(consumer: ConsumerName): Promise<DeployedFunction> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl(consumer), AttributeNames: ['QueueArn', 'VisibilityTimeout'] }),
  );
  const { EventSourceMappings: [mapping] = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ EventSourceArn: Attributes.QueueArn }),
  );
  const {
    FunctionName = '',
    Environment,
    Timeout = 3,
  } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: mapping?.FunctionArn }));
  return {
    name: FunctionName,
    bundle: bundleOf(consumer),
    environment: { ...Environment?.Variables },
    timeoutMs: Timeout * 1_000,
    mapping: mapping?.UUID ?? '',
    visibilityTimeout: Number(Attributes.VisibilityTimeout),
  };
}

/** Finds the real bundle of a function, by its folder's name. */
export function bundleOf(name: string): string {
  const assembly = inject('assembly');
  const template = JSON.parse(readFileSync(join(assembly, 'ShopMessaging.template.json'), 'utf8')) as Template;
  const id = `${constructIdOf(name)}Function`;
  const found = Object.entries(template.Resources).find(
    ([logicalId, { Type }]) => Type === 'AWS::Lambda::Function' && logicalId.startsWith(id),
  );
  return join(assembly, found?.[1].Metadata?.['aws:asset:path'] ?? '', 'index.js');
}

/**
 * Builds an environment in which every SDK client of a function connects to the proxy. The
 * client for SQS goes where the queue's address says, whatever its endpoint is, so the addresses change too.
 */
export function leadTo(endpoint: string, environment: Readonly<Record<string, string>>): Record<string, string> {
  const moved = Object.entries(environment).map(([name, value]) => [name, value.replace(inject('endpoint'), endpoint)]);
  return {
    ...(Object.fromEntries(moved) as Record<string, string>),
    ...engineVariables(endpoint),
  };
}
