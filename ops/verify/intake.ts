import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { tryParse } from '../../contracts/parse.ts';
import { toUserMessage } from '../errors.ts';
import { requestFunctionUrl } from '../function-url.ts';
import { findFunctions } from '../functions.ts';
import type { DeployedShop } from '../stack.ts';
import { RESTORE } from './problems.ts';

/** What came of one request: a hop as `verify` reports it. */
type TriedAddress = { from: string; to: string; ok: boolean; milliseconds: number; by: 'probe'; problem?: string };

/** Whom a request is sent for, the path of its address, and what it has to be answered. */
type Expected = { sender: string | undefined; path: string; status: 401 | 404 };

/**
 * Finds out whether the intake takes requests of its senders and of nobody else: posts a request with a wrong signature to each sender's address,
 * and one to an address that is nobody's. The first are refused with 401, which takes the address, the function, its settings and the
 * sender's secret; so nothing is taken in.
 */
export async function verifyIntake(shop: DeployedShop): Promise<TriedAddress[]> {
  const url = shop.outputs.IntakeUrl;
  if (url === undefined) return [];
  const senders = (await readSenders(shop)).map((sender): Expected => ({ sender, path: sender, status: 401 }));
  // No sender can have this name.
  const all: Expected[] = [...senders, { sender: undefined, path: '-', status: 404 }];
  return Promise.all(all.map((expected) => tryAddress(shop, url, expected)));
}

/** Reads the names of the senders that the deployed function knows. */
async function readSenders(shop: DeployedShop): Promise<string[]> {
  const found = (await findFunctions(shop)).find(({ name }) => name === 'intake');
  if (found === undefined) return [];
  const ask = new GetFunctionConfigurationCommand({ FunctionName: found.functionName });
  const { Environment } = await new LambdaClient(shop.config).send(ask);
  return Object.keys(Object(tryParse(Environment?.Variables?.INTAKE_SENDERS ?? '')));
}

async function tryAddress(shop: DeployedShop, url: string, expected: Expected): Promise<TriedAddress> {
  const startedAt = Date.now();
  const problem = await requestFunctionUrl(shop, `${url}${expected.path}`, {
    headers: wrongSignatures(startedAt),
  }).then(
    ({ status }) => answerProblem(status, expected),
    (error: unknown) => `its address cannot be reached: ${toUserMessage(error)}`,
  );
  const to = expected.sender === undefined ? 'intake of nobody' : `intake of ${expected.sender}`;
  const hop = { from: 'HTTP', to, milliseconds: Date.now() - startedAt, by: 'probe' as const };
  return problem === undefined ? { ...hop, ok: true } : { ...hop, ok: false, problem };
}

/** Builds the headers of a signature that every scheme looks at and none takes. */
function wrongSignatures(now: number): Record<string, string> {
  const time = String(Math.floor(now / 1000));
  return {
    'content-type': 'application/json',
    'webhook-id': 'verify',
    'webhook-timestamp': time,
    'webhook-signature': 'v1,verify',
    'stripe-signature': `t=${time},v1=verify`,
    'x-shopify-hmac-sha256': 'verify',
  };
}

/** Says what is wrong where an address does not answer as it must. */
export function answerProblem(
  status: number,
  { sender, status: expected }: Omit<Expected, 'path'>,
): string | undefined {
  if (status === expected) return undefined;
  const answered = `it answers ${status} instead of ${expected}`;
  switch (status) {
    case 403:
      return `${answered}: its policy does not let everybody call its address: ${RESTORE}`;
    case 429:
      return `${answered}: the concurrency of its function, or of the account, is used up (docs/runbook/intake.md)`;
    case 503:
      return `${answered}: the secret of ${sender} cannot be read, or is empty (docs/intake.md); \`npm run ops -- logs intake\` says why`;
    default:
      return `${answered}: \`npm run ops -- logs intake\` says why`;
  }
}
