import type { TemplateJson } from './variants.ts';

// A template is JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** What a deployment calls a resource: its physical id, and the attributes that are asked for. */
export type Resource = { ref: string; arn: string };

const PSEUDO: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-4',
  'AWS::AccountId': '111111111111',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** CloudFormation's own names end so. */
const RANDOM = '-ABCDEFGHIJKL';

/** Resolves a part of a template as CloudFormation does; `nameOf` gives each resource its name. */
export function resolveTemplate(
  { Resources }: TemplateJson,
  part: unknown,
  { stackName, nameOf = (id) => `${stackName}-${id}${RANDOM}` }: { stackName: string; nameOf?: (id: string) => string },
): Json {
  const pseudo: Record<string, string> = { ...PSEUDO, 'AWS::StackName': stackName };
  const arnOf = (id: string) => arn(Resources[id]?.Type ?? '', String(Resources[id]?.Properties?.Name ?? nameOf(id)));
  const ref = (id: string) => pseudo[id] ?? (isArn(Resources[id]?.Type) ? arnOf(id) : nameOf(id));
  const resolve = (value: Json): Json => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(resolve);
    if ('Ref' in value) return ref(value.Ref);
    if ('Fn::GetAtt' in value) return arnOf(value['Fn::GetAtt'][0]);
    if ('Fn::Join' in value) {
      const [separator, parts] = value['Fn::Join'];
      return parts.map(resolve).join(separator);
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]));
  };
  return resolve(part);
}

const isArn = (type = '') => ['AWS::SNS::Topic', 'AWS::IAM::ManagedPolicy'].includes(type);

const ARNS: Record<string, string> = {
  'AWS::SQS::Queue': 'sqs:<region>:<account>:',
  'AWS::SNS::Topic': 'sns:<region>:<account>:',
  'AWS::DynamoDB::Table': 'dynamodb:<region>:<account>:table/',
  'AWS::Events::EventBus': 'events:<region>:<account>:event-bus/',
  'AWS::Lambda::Function': 'lambda:<region>:<account>:function:',
  'AWS::S3::Bucket': 's3:::',
  'AWS::KMS::Key': 'kms:<region>:<account>:key/',
};

function arn(type: string, name: string): string {
  const format = ARNS[type];
  if (format === undefined) throw new Error(`Say in ${import.meta.filename} how the ARN of an ${type} looks`);
  const { 'AWS::Region': region = '', 'AWS::AccountId': account = '' } = PSEUDO;
  return `arn:aws:${format.replace('<region>', region).replace('<account>', account)}${name}`;
}
