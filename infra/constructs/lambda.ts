import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, type Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Takes a description, its code and limits and gives a function on the runtime that the tests run on, with its own log. */
export function nodeFunction(
  scope: Construct,
  props: {
    description: string;
    code: Code;
    timeout: Duration;
    environment: Record<string, string>;
    logDays: RetentionDays;
    removalPolicy: RemovalPolicy;
  },
): LambdaFunction {
  const { logDays, removalPolicy, ...rest } = props;
  return new LambdaFunction(scope, 'Function', {
    ...rest,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    memorySize: 512,
    tracing: Tracing.ACTIVE,
    logGroup: new LogGroup(scope, 'Log', { retention: logDays, removalPolicy }),
  });
}
