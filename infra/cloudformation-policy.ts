import { chunkBySize } from '../lambdas/runtime/chunk.ts';

/**
 * The rights of CloudFormation for each resource type of the stack: what its handlers call for the properties that the stack sets, to create, update, tag, read and delete
 * (`handlers` of the type's schema: https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html). Each set of actions is
 * allowed on one set of resources.
 */
type Rights = readonly (readonly [on: keyof typeof RESOURCES, ...actions: string[]])[];

/** What stands in an ARN for a parameter of the template, or for what CloudFormation knows. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  region: 'AWS::Region',
  account: 'AWS::AccountId',
  stack: 'StackName',
  shop: 'ShopName',
  bucket: 'BucketPrefix',
  qualifier: 'Qualifier',
};

const RESOURCES = {
  all: ['*'],
  alarms: ['cloudwatch:{region}:{account}:alarm:{stack}-*'],
  archives: ['events:{region}:{account}:archive/{stack}*', 'events:{region}:{account}:event-bus/{stack}*'],
  assets: ['s3:::cdk-{qualifier}-assets-{account}-{region}/*'],
  bootstrap: ['ssm:{region}:{account}:parameter/cdk-bootstrap/*'],
  buckets: ['s3:::{bucket}-*'],
  buses: ['events:{region}:{account}:event-bus/{stack}*'],
  dashboards: ['cloudwatch::{account}:dashboard/{stack}*'],
  functions: ['lambda:{region}:{account}:function:{stack}-*'],
  keys: ['kms:{region}:{account}:key/*'],
  logs: ['logs:{region}:{account}:log-group:{stack}-*'],
  mappings: ['lambda:{region}:{account}:event-source-mapping:*'],
  parameters: ['ssm:{region}:{account}:parameter/{shop}/*'],
  policies: ['iam::{account}:policy/{stack}-*'],
  queues: ['sqs:{region}:{account}:{stack}-*'],
  roles: ['iam::{account}:role/{stack}-*'],
  rules: ['events:{region}:{account}:rule/{stack}*'],
  // CloudFormation names a secret after its logical id.
  secrets: ['secretsmanager:{region}:{account}:secret:CustomerKey*'],
  tables: ['dynamodb:{region}:{account}:table/{stack}-*'],
  topics: ['sns:{region}:{account}:{stack}-*'],
  subscribed: ['sns:{region}:{account}:{stack}-*', 'OrdersTopicArn'],
} as const satisfies Record<string, readonly string[]>;

const lines = (text: string) => text.trim().split(/\s+/);

const ALARM_TAGS = 'cloudwatch:ListTagsForResource cloudwatch:TagResource cloudwatch:UntagResource';
const RULE_TAGS = 'events:ListTagsForResource events:TagResource events:UntagResource';
const FUNCTION_TAGS = 'lambda:ListTags lambda:TagResource lambda:UntagResource';

const RIGHTS: Readonly<Record<string, Rights>> = {
  'AWS::CloudWatch::Alarm': [
    ['alarms', ...lines(`cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms ${ALARM_TAGS}`)],
    ['all', 'cloudwatch:DescribeAlarms'],
  ],
  'AWS::CloudWatch::CompositeAlarm': [
    ['alarms', ...lines(`cloudwatch:PutCompositeAlarm cloudwatch:DeleteAlarms ${ALARM_TAGS}`)],
    ['all', 'cloudwatch:DescribeAlarms'],
  ],
  'AWS::CloudWatch::Dashboard': [
    [
      'dashboards',
      ...lines(`cloudwatch:DeleteDashboards cloudwatch:GetDashboard cloudwatch:PutDashboard ${ALARM_TAGS}`),
    ],
  ],
  'AWS::DynamoDB::Table': [
    [
      'tables',
      ...lines(`dynamodb:CreateTable dynamodb:DeleteTable dynamodb:DescribeContinuousBackups dynamodb:DescribeContributorInsights
        dynamodb:DescribeKinesisStreamingDestination dynamodb:DescribeTable dynamodb:DescribeTimeToLive dynamodb:GetResourcePolicy
        dynamodb:ListTagsOfResource dynamodb:TagResource dynamodb:UntagResource dynamodb:UpdateContinuousBackups dynamodb:UpdateTable
        dynamodb:UpdateTimeToLive`),
    ],
    // DynamoDB takes a grant of the key that encrypts a table.
    ['keys', ...lines('kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:RevokeGrant')],
  ],
  'AWS::Events::Archive': [
    ['archives', ...lines('events:CreateArchive events:DeleteArchive events:DescribeArchive events:UpdateArchive')],
  ],
  'AWS::Events::EventBus': [
    [
      'buses',
      ...lines(
        `events:CreateEventBus events:DeleteEventBus events:DescribeEventBus events:UpdateEventBus ${RULE_TAGS}`,
      ),
    ],
  ],
  'AWS::Events::Rule': [
    [
      'rules',
      ...lines(`events:DeleteRule events:DescribeRule events:ListTargetsByRule events:PutRule events:PutTargets
        events:RemoveTargets ${RULE_TAGS}`),
    ],
  ],
  'AWS::IAM::ManagedPolicy': [
    [
      'policies',
      ...lines(`iam:CreatePolicy iam:CreatePolicyVersion iam:DeletePolicy iam:DeletePolicyVersion iam:GetPolicy iam:GetPolicyVersion
        iam:ListEntitiesForPolicy iam:ListPolicyVersions`),
    ],
  ],
  'AWS::IAM::Policy': [['roles', ...lines('iam:DeleteRolePolicy iam:GetRolePolicy iam:PutRolePolicy')]],
  'AWS::IAM::Role': [
    [
      'roles',
      ...lines(`iam:CreateRole iam:DeleteRole iam:DeleteRolePolicy iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies
        iam:ListRolePolicies iam:PutRolePolicy iam:TagRole iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole
        iam:UpdateRoleDescription`),
    ],
  ],
  'AWS::KMS::Key': [
    ['all', 'kms:CreateKey'],
    [
      'keys',
      ...lines(`kms:DescribeKey kms:DisableKey kms:DisableKeyRotation kms:EnableKey kms:EnableKeyRotation kms:GetKeyPolicy
        kms:GetKeyRotationStatus kms:ListResourceTags kms:PutKeyPolicy kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource
        kms:UpdateKeyDescription`),
    ],
  ],
  'AWS::Lambda::EventSourceMapping': [
    // To create one names no resource.
    ['all', 'lambda:CreateEventSourceMapping'],
    [
      'mappings',
      ...lines(
        `lambda:DeleteEventSourceMapping lambda:GetEventSourceMapping lambda:UpdateEventSourceMapping ${FUNCTION_TAGS}`,
      ),
    ],
    ['keys', ...lines('kms:Decrypt kms:DescribeKey kms:GenerateDataKey')],
  ],
  'AWS::Lambda::Function': [
    [
      'functions',
      ...lines(`lambda:CreateFunction lambda:DeleteFunction lambda:DeleteFunctionConcurrency lambda:GetFunction
        lambda:GetFunctionCodeSigningConfig lambda:GetFunctionRecursionConfig lambda:GetFunctionScalingConfig
        lambda:GetRuntimeManagementConfig lambda:PutFunctionConcurrency lambda:PutFunctionRecursionConfig
        lambda:PutRuntimeManagementConfig lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration ${FUNCTION_TAGS}`),
    ],
    ['assets', 's3:GetObject', 's3:GetObjectVersion'],
  ],
  'AWS::Lambda::Permission': [['functions', ...lines('lambda:AddPermission lambda:GetPolicy lambda:RemovePermission')]],
  'AWS::Lambda::Url': [
    [
      'functions',
      ...lines(`lambda:CreateFunctionUrlConfig lambda:DeleteFunctionUrlConfig lambda:GetFunctionUrlConfig
        lambda:UpdateFunctionUrlConfig`),
    ],
  ],
  'AWS::Logs::LogGroup': [
    ['all', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies'],
    [
      'logs',
      ...lines(`logs:AssociateKmsKey logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy logs:DescribeIndexPolicies
        logs:DisassociateKmsKey logs:GetDataProtectionPolicy logs:ListTagsForResource logs:PutRetentionPolicy logs:TagResource
        logs:UntagResource`),
    ],
  ],
  'AWS::S3::Bucket': [
    [
      'buckets',
      ...lines(`s3:CreateBucket s3:DeleteBucket s3:GetAccelerateConfiguration s3:GetAnalyticsConfiguration s3:GetBucketAbac s3:GetBucketAcl
        s3:GetBucketCORS s3:GetBucketLogging s3:GetBucketMetadataTableConfiguration s3:GetBucketNotification
        s3:GetBucketObjectLockConfiguration s3:GetBucketOwnershipControls s3:GetBucketPublicAccessBlock s3:GetBucketTagging
        s3:GetBucketVersioning s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetIntelligentTieringConfiguration
        s3:GetInventoryConfiguration s3:GetLifecycleConfiguration s3:GetMetricsConfiguration s3:GetReplicationConfiguration
        s3:ListBucket s3:ListTagsForResource s3:PutBucketOwnershipControls s3:PutBucketPublicAccessBlock s3:PutBucketTagging
        s3:PutEncryptionConfiguration s3:PutLifecycleConfiguration s3:TagResource s3:UntagResource`),
    ],
  ],
  'AWS::S3::BucketPolicy': [['buckets', ...lines('s3:DeleteBucketPolicy s3:GetBucketPolicy s3:PutBucketPolicy')]],
  'AWS::SNS::Subscription': [
    ['subscribed', 'sns:Subscribe'],
    // These name a subscription, for which IAM has no resource.
    ['all', ...lines('sns:GetSubscriptionAttributes sns:SetSubscriptionAttributes sns:Unsubscribe')],
  ],
  'AWS::SNS::Topic': [
    [
      'topics',
      ...lines(`sns:CreateTopic sns:DeleteTopic sns:GetDataProtectionPolicy sns:GetTopicAttributes sns:ListSubscriptionsByTopic
        sns:ListTagsForResource sns:SetTopicAttributes sns:TagResource sns:UntagResource`),
    ],
  ],
  'AWS::SNS::TopicPolicy': [['subscribed', ...lines('sns:GetTopicAttributes sns:SetTopicAttributes')]],
  'AWS::SQS::Queue': [
    [
      'queues',
      ...lines(`sqs:CreateQueue sqs:DeleteQueue sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListQueueTags sqs:SetQueueAttributes
        sqs:TagQueue sqs:UntagQueue`),
    ],
  ],
  'AWS::SQS::QueuePolicy': [['queues', 'sqs:SetQueueAttributes']],
  'AWS::SSM::Parameter': [
    [
      'parameters',
      ...lines(`ssm:AddTagsToResource ssm:DeleteParameter ssm:GetParameters ssm:ListTagsForResource ssm:PutParameter
        ssm:RemoveTagsFromResource`),
    ],
    // Each template of CDK asks for the version of its bootstrap.
    ['bootstrap', 'ssm:GetParameters'],
  ],
  'AWS::SecretsManager::Secret': [
    ['all', 'secretsmanager:GetRandomPassword'],
    // The functions' variables have it, so CloudFormation reads it.
    [
      'secrets',
      ...lines(`secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:DescribeSecret secretsmanager:GetSecretValue
        secretsmanager:TagResource secretsmanager:UntagResource secretsmanager:UpdateSecret`),
    ],
  ],
  'AWS::XRay::ResourcePolicy': [
    ['all', ...lines('xray:DeleteResourcePolicy xray:ListResourcePolicies xray:PutResourcePolicy')],
  ],
  // The function that empties the archive's bucket when `dev` is destroyed.
  'Custom::S3AutoDeleteObjects': [['functions', 'lambda:InvokeFunction']],
};

/** The resource types that CloudFormation has the rights for. */
export const permittedTypes: readonly string[] = Object.keys(RIGHTS);

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, less what the parameters may add.
const MAX_CHARACTERS = 4_500;

type Statement = { Effect: 'Allow'; Action: string[]; Resource: unknown; Condition?: unknown };

/** Builds the template of the managed policies for `cdk bootstrap --cloudformation-execution-policies`: as many as IAM needs for their size. */
export function cloudFormationPolicyTemplate(): object {
  const policies = chunkBySize([...statements(), passRole()], {
    maxItems: Number.POSITIVE_INFINITY,
    maxBytes: MAX_CHARACTERS,
    bytesOf: (statement) => JSON.stringify(statement).length + 1,
  });
  const names = policies.map((_, index) => `CloudFormation${index + 1}`);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      "What CloudFormation may do to deploy the shop's messaging, for cdk bootstrap --cloudformation-execution-policies",
    Parameters: {
      StackName: parameter(
        'ShopMessaging-prod',
        'The stack; of a name with more than 24 characters, the first 24',
        '[A-Za-z][A-Za-z0-9-]*',
      ),
      ShopName: parameter(
        'ShopMessaging',
        'The setting stackName, after which the parameters in SSM are named',
        '[A-Za-z][A-Za-z0-9-]*',
      ),
      BucketPrefix: parameter('shopmessaging-prod', 'StackName in small letters', '[a-z][a-z0-9-]*'),
      OrdersTopicArn: parameter(
        '',
        'The setting ordersTopicArn, if the stage has it',
        '(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?',
      ),
      Qualifier: parameter('hnb659fds', 'The qualifier of `cdk bootstrap`', '[a-z0-9]+'),
    },
    Conditions: { HasTopic: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'OrdersTopicArn' }, ''] }] } },
    Resources: Object.fromEntries(
      policies.map((Statement, index) => [
        names[index],
        {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: {
            Description: { 'Fn::Join': ['', ['What CloudFormation may do to deploy ', { Ref: 'StackName' }]] },
            PolicyDocument: { Version: '2012-10-17', Statement },
          },
        },
      ]),
    ),
    Outputs: { PolicyArns: { Value: { 'Fn::Join': [',', names.map((name) => ({ Ref: name }))] } } },
  };
}

const parameter = (Default: string, Description: string, AllowedPattern: string) => ({
  Type: 'String',
  Default,
  Description,
  AllowedPattern,
});

/** Merges the rights of all types: a statement for each set of resources. */
function statements(): Statement[] {
  const byResources = Map.groupBy(
    Object.values(RIGHTS).flatMap((rights) => rights.map(([on, ...actions]) => ({ on, actions }))),
    ({ on }) => on,
  );
  return [...byResources].map(([on, rights]) => ({
    Effect: 'Allow',
    Action: [...new Set(rights.flatMap(({ actions }) => actions))].sort(),
    Resource: RESOURCES[on].map(resource),
  }));
}

/** Gives a function its role, and nothing else a role. */
const passRole = (): Statement => ({
  Effect: 'Allow',
  Action: ['iam:PassRole'],
  Resource: RESOURCES.roles.map(resource),
  Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
});

function resource(text: string): unknown {
  if (text === '*') return text;
  if (text === 'OrdersTopicArn') return { 'Fn::If': ['HasTopic', { Ref: text }, { Ref: 'AWS::NoValue' }] };
  const substituted = text.replace(/\{(\w+)\}/g, (_, name: string) => `\${${PLACEHOLDERS[name]}}`);
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${substituted}` };
}
