/**
 * Takes a function's name and gives a module with all of Powertools that `bench/package.json` has, middy and zod: the Powertools
 * peer's own handler behind middy with Powertools' middlewares, as the documentation of both shows it.
 */
export const full = (name: string): string => `
import middy from '@middy/core';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { parser } from '@aws-lambda-powertools/parser/middleware';
import { SqsSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import { handler as records } from './peers/powertools/${name}.ts';

export const handler = middy()
  .use(injectLambdaContext(new Logger({ serviceName: '${name}' })))
  .use(logMetrics(new Metrics({ namespace: 'Shop', serviceName: '${name}' })))
  .use(parser({ schema: SqsSchema }))
  .handler(records);
`;
