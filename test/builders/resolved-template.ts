import type { TemplateJson } from './variants.ts';

// A template is JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** The longest region there is. */
const ELSEWHERE = { region: 'ap-southeast-4', account: '111111111111' };

/** CloudFormation's own names end so. */
const RANDOM = '-ABCDEFGHIJKL';

/** Where a template is deployed, and as what. */
export type Deployment = {
  stackName: string;
  /** Gives each resource its name. @default as CloudFormation does */
  nameOf?: (id: string) => string;
  at?: { region: string; account: string };
};

/** Resolves a part of a template as CloudFormation does. */
export function resolveTemplate(
  { Resources }: TemplateJson,
  part: unknown,
  { stackName, nameOf = (id) => `${stackName}-${id}${RANDOM}`, at = ELSEWHERE }: Deployment,
): Json {
  const pseudo: Record<string, string> = {
    'AWS::StackName': stackName,
    'AWS::Partition': 'aws',
    'AWS::Region': at.region,
    'AWS::AccountId': at.account,
    'AWS::URLSuffix': 'amazonaws.com',
  };
  const arnOf = (id: string): string => {
    const { Type = '', Properties: { Name = nameOf(id), EventBusName } = {} } = Resources[id] ?? {};
    // Rules of another bus than the default one have its name before theirs.
    return arn(
      Type,
      Type === RULE && EventBusName !== undefined ? `${resolve(EventBusName)}/${Name}` : String(Name),
      at,
    );
  };
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

const RULE = 'AWS::Events::Rule';
const ARNS: Record<string, string> = {
  'AWS::SQS::Queue': 'sqs:<region>:<account>:',
  'AWS::SNS::Topic': 'sns:<region>:<account>:',
  'AWS::DynamoDB::Table': 'dynamodb:<region>:<account>:table/',
  'AWS::Events::EventBus': 'events:<region>:<account>:event-bus/',
  'AWS::Lambda::Function': 'lambda:<region>:<account>:function:',
  'AWS::S3::Bucket': 's3:::',
  'AWS::KMS::Key': 'kms:<region>:<account>:key/',
  [RULE]: 'events:<region>:<account>:rule/',
  'AWS::IAM::Role': 'iam::<account>:role/',
};

function arn(type: string, name: string, { region, account }: typeof ELSEWHERE): string {
  const format = ARNS[type];
  if (format === undefined) throw new Error(`Say in ${import.meta.filename} how the ARN of an ${type} looks`);
  return `arn:aws:${format.replace('<region>', region).replace('<account>', account)}${name}`;
}
