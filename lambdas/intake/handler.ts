import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { callLimits } from '../runtime/call-limits.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { writeLines } from '../runtime/log.ts';
import { documentClient } from '../runtime/records.ts';
import { rotatingKeysReader } from '../runtime/secret-reader.ts';
import { answerTo, requestLine, resultOf } from './answer.ts';
import { dynamoLedger } from './ledger.ts';
import { readRequest } from './request.ts';
import { type NamedSender, senderOf, takeIn } from './rules.ts';
import type { IntakeSender } from './sender.ts';
import { shopify } from './shopify.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { stripe } from './stripe.ts';
import { stripeSessions } from './stripe-session.ts';

/** A sender waits for seconds only, and repeats what failed. */
const LIMITS = { attempts: 2, attemptMs: 1_500 };

/** The function behind the URL that senders post to. */
export const handler = lambdaHandler('intake', () => {
  const senders = new Map(Object.entries<IntakeSender>(JSON.parse(requireEnv('INTAKE_SENDERS'))));
  const secretsManager = new SecretsManagerClient(callLimits(LIMITS));
  const readers = new Map(
    [...senders].map(([name, { secret }]) => [
      name,
      rotatingKeysReader(`The secret of ${name}`, secret, secretsManager),
    ]),
  );
  const sns = new SNSClient(callLimits(LIMITS));
  const TopicArn = requireEnv('ORDERS_TOPIC_ARN');
  const dependencies = {
    schemes: { 'standard-webhooks': standardWebhooks, stripe: stripe(stripeSessions()), shopify },
    readSecrets: async (sender: string) => (await readers.get(sender)?.()) ?? [],
    ledger: dynamoLedger(requireEnv('TABLE_NAME'), documentClient(new DynamoDBClient(callLimits(LIMITS)))),
    publish: async (Message: string) => {
      await sns.send(new PublishCommand({ TopicArn, Message }));
    },
    now: Date.now,
  };

  return async (event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> => {
    const startedAt = Date.now();
    const request = readRequest(event);
    let sender: NamedSender | undefined;
    try {
      sender = senderOf(request, senders);
      const answer = await takeIn(request, sender, dependencies);
      writeLines([requestLine(answer, { sender: sender.name, error: undefined, startedAt })]);
      return resultOf(answer);
    } catch (error) {
      const answer = answerTo(error);
      writeLines([requestLine(answer, { sender: sender?.name, error, startedAt })]);
      return resultOf(answer);
    }
  };
});
