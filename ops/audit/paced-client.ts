import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { callLimits, DYNAMODB_ATTEMPTS } from '../../lambdas/runtime/call-limits.ts';
import { documentClient } from '../../lambdas/runtime/records.ts';
import type { AwsClientConfig } from '../aws-target.ts';
import { pacer } from '../pacer.ts';

/** A client for reading at a limited rate, and what its calls have consumed so far, in read units. */
export type PacedClient = { client: DynamoDBDocumentClient; consumed(): number };

/** Creates a document client whose calls wait for those before them, so that all of them consume `unitsPerSecond` read units at most. */
export function pacedClient(
  config: AwsClientConfig,
  unitsPerSecond: number,
  pace = pacer(unitsPerSecond),
): PacedClient {
  let consumed = 0;
  const client = new DynamoDBClient({ ...config, ...callLimits({ attempts: DYNAMODB_ATTEMPTS }) });
  client.middlewareStack.add(
    (next) => async (args) => {
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      const answer = await next(args);
      const units = unitsOf(answer.output);
      consumed += units;
      // What a call takes is known afterwards: the next one waits for it.
      await pace(units);
      return answer;
    },
    { step: 'initialize', name: 'paced' },
  );
  return { client: documentClient(client), consumed: () => consumed };
}

function unitsOf(output: object): number {
  if (!('ConsumedCapacity' in output)) return 0;
  const parts: unknown[] = [output.ConsumedCapacity ?? []].flat();
  return parts.reduce<number>((sum, part) => sum + capacityOf(part), 0);
}

const capacityOf = (part: unknown): number =>
  typeof part === 'object' && part !== null && 'CapacityUnits' in part ? Number(part.CapacityUnits) : 0;
