import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { constructIdOf } from '../../infra/names.ts';
import type { TemplateJson } from '../../infra/permissions-page.ts';
import { readStageFile, resolveSettings, type Settings, stageNames } from '../../infra/settings.ts';
import { ShopMessagingStack } from '../../infra/shop-messaging-stack.ts';

// A template is JSON of many shapes, and the tests assert what it contains.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;
export type Resource = { id: string; properties: Json; deletionPolicy: string | undefined };

/** What CDK adds where a bucket is emptied before it is deleted: its function and its role are not the shop's. */
const CDK_PROVIDER = 'CustomS3AutoDeleteObjects';

const root = join(import.meta.dirname, '..', '..');

const synthesised = new Map<string, ReturnType<typeof synthesiseStack>>();

/** Settings as they stand in a stage's file, with the stage; a text is read as `-c` reads it. */
export type TestSettings = { stage?: string; firstDeployment?: boolean; [name: string]: unknown };

/** Resolves settings over those of the stage's file; a protected stage takes the sandbox as its gateway where none is given. */
export function testSettings({ stage = 'dev', firstDeployment = false, ...values }: TestSettings = {}): Settings {
  const file = stageNames().includes(stage) ? readStageFile(stage) : {};
  const all = { paymentGateway: 'sandbox', ...file, ...values };
  return { ...resolveSettings(stage, all, { overridden: Object.keys(values) }), firstDeployment };
}

/** Synthesises the stack of a stage with such settings; each set of them is synthesised once. */
export function synthesise(context: TestSettings = {}): ReturnType<typeof synthesiseStack> {
  const key = JSON.stringify(context);
  const template = synthesised.get(key) ?? synthesiseStack(context);
  synthesised.set(key, template);
  return template;
}

function synthesiseStack(values: TestSettings) {
  const { context: flags } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  const app = new App({ context: flags });
  const settings = testSettings(values);
  const stack = new ShopMessagingStack(app, settings.stackName, settings);
  const template = Template.fromStack(stack);
  const resources = (type: string): Resource[] =>
    Object.entries(template.findResources(type))
      .filter(([id]) => !id.startsWith(CDK_PROVIDER))
      .map(([id, { Properties, DeletionPolicy }]) => ({
        id,
        properties: Properties,
        deletionPolicy: DeletionPolicy,
      }));
  const onlyResource = (type: string, prefix: string): Resource => {
    const [found, ...others] = resources(type).filter(({ id }) => id.startsWith(prefix));
    if (found === undefined || others.length > 0)
      throw new Error(`There is not one ${type} whose id starts with ${prefix}`);
    return found;
  };
  return {
    stack,
    json: template.toJSON() as TemplateJson,
    types: [...new Set(Object.values<Json>(template.toJSON().Resources).map(({ Type }): string => Type))],
    outputs: Object.keys(template.findOutputs('*')),
    outputValue: (name: string): Json => template.findOutputs(name)[name]?.Value,
    resources,
    /** Returns a function with its role's policy, its log group and its queue, if it has one. */
    function(name: string) {
      const construct = constructIdOf(name);
      return {
        function: onlyResource('AWS::Lambda::Function', `${construct}Function`),
        role: onlyResource('AWS::IAM::Policy', `${construct}Function`),
        log: onlyResource('AWS::Logs::LogGroup', `${construct}Log`),
        queue: resources('AWS::SQS::Queue').find(({ id }) => id.startsWith(`${construct}Queue`)),
      };
    },
    /** Returns the resources of one consumer. */
    consumer(name: string) {
      const construct = constructIdOf(name);
      const queues = resources('AWS::SQS::Queue').filter(({ id }) => id.startsWith(construct));
      const queue = queues.find(({ id }) => id.startsWith(`${construct}Queue`));
      const deadLetterQueue = queues.find(({ id }) => id.startsWith(`${construct}DeadLetterQueue`));
      if (queue === undefined || deadLetterQueue === undefined) throw new Error(`${name} lacks a queue`);
      const fn = onlyResource('AWS::Lambda::Function', `${construct}Function`);
      const refersTo = (target: Resource, reference: Json) => reference?.['Fn::GetAtt']?.[0] === target.id;
      return {
        queue,
        deadLetterQueue,
        function: fn,
        mapping: onlyResource('AWS::Lambda::EventSourceMapping', `${construct}Function`),
        role: onlyResource('AWS::IAM::Policy', `${construct}Function`),
        subscriptions: resources('AWS::SNS::Subscription').filter(({ properties }) =>
          refersTo(queue, properties.Endpoint),
        ),
        rules: resources('AWS::Events::Rule').filter(({ properties }) =>
          properties.Targets.some(({ Arn }: Json) => refersTo(queue, Arn)),
        ),
        /** Returns the statements of a queue's policy. */
        statements: (target: Resource): Json[] =>
          resources('AWS::SQS::QueuePolicy')
            .filter(({ properties }) => properties.Queues.some(({ Ref }: Json) => Ref === target.id))
            .flatMap(({ properties }) => properties.PolicyDocument.Statement),
      };
    },
  };
}

/** Returns the actions of a policy statement as a list. */
export const actionsOf = ({ Action }: Json): string[] => [Action].flat();
