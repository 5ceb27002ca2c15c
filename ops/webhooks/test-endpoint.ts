import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { findFunctions } from '../functions.ts';
import type { DeployedShop } from '../stack.ts';

const answer = v.object({
  ok: v.boolean(),
  status: v.optional(v.number()),
  milliseconds: v.number(),
  webhookId: v.string(),
  error: v.optional(v.string()),
});

/** What an endpoint answered to a test event; without a status where it did not answer, and `error` says why. */
export type TestResult = v.InferOutput<typeof answer>;

/** Has the function post a test event to an endpoint, from where it posts all others; throws where the function itself fails. */
export async function testEndpoint(shop: DeployedShop, endpoint: string): Promise<TestResult> {
  const functions = await findFunctions(shop);
  const own = functions.find(({ name }) => name === 'webhooks');
  if (own === undefined) throw new Error(`The stack ${shop.stackName} has no function webhooks: deploy it again.`);
  const client = new LambdaClient(shop.config);
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName: own.functionName, Payload: JSON.stringify({ test: { endpoint } }) }),
  );
  const { success, output } = v.safeParse(answer, tryParse(new TextDecoder().decode(Payload)));
  if (success && FunctionError === undefined) return output;
  throw new Error('The function webhooks failed before it called the endpoint: npm run ops -- logs webhooks says why.');
}

/** Says what to do about an endpoint that did not take a test event; `undefined` where it did. */
export function adviceFor({ ok, status, error = '' }: TestResult): string | undefined {
  if (ok) return undefined;
  if (error.startsWith('The secret of endpoint'))
    return 'Nothing was posted. Is there such a secret in Secrets Manager, with a key as docs/webhooks.md says?';
  if (status === undefined) return 'Is the address right, and does its server answer within 10 s?';
  if (status === 401 || status === 403)
    return 'Its server refuses the signature: does it verify with a key that the secret has?';
  if (status === 404 || status === 410) return 'Its server has nothing there: is the address right?';
  if (status >= 300 && status < 400) return 'Redirects are not followed: put the last address into the settings.';
  return 'Its server failed, and its log should say why.';
}
