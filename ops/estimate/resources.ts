/** What the estimate knows of each type of resource that the template may hold: how it is billed, or why it costs nothing. */
export const billed: Readonly<Record<string, string>> = {
  'AWS::SNS::Topic': 'messages published, and what is delivered from a FIFO topic',
  'AWS::SNS::Subscription': 'bytes that a filter on the body looks into',
  'AWS::SQS::Queue': 'requests',
  'AWS::Events::EventBus': 'events put',
  'AWS::Events::Archive': 'bytes archived and kept',
  'AWS::Lambda::Function': 'requests and GB-seconds',
  'AWS::Lambda::EventSourceMapping': 'the requests of its pollers, also those that find nothing',
  'AWS::DynamoDB::Table': 'request units, bytes kept, point-in-time recovery',
  'AWS::Logs::LogGroup': 'bytes logged and kept',
  'AWS::CloudWatch::Alarm': 'each metric it looks at',
  'AWS::CloudWatch::Dashboard': 'each dashboard',
  'AWS::KMS::Key': 'each key, and its requests',
  'AWS::SecretsManager::Secret': 'each secret',
};

/** Resources that cost nothing themselves. */
export const free: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'names the CDK version',
  'AWS::Events::EventBusPolicy': 'a policy',
  'AWS::Events::Rule': 'events are paid for when they are put, and schedules are free',
  'AWS::IAM::ManagedPolicy': 'a policy',
  'AWS::IAM::Policy': 'a policy',
  'AWS::IAM::Role': 'a role',
  'AWS::KMS::Alias': 'a name',
  'AWS::Lambda::Permission': 'a policy',
  'AWS::SNS::TopicPolicy': 'a policy',
  'AWS::SQS::QueuePolicy': 'a policy',
  'AWS::SSM::Parameter': 'standard parameters',
  'AWS::XRay::ResourcePolicy': 'a policy; traces are paid for when they are recorded',
};

/** Takes the types of a template's resources and gives those that the estimate does not know. */
export const unknownTypes = (types: Iterable<string>): string[] =>
  [...new Set(types)].filter((type) => !Object.hasOwn(billed, type) && !Object.hasOwn(free, type)).sort();
