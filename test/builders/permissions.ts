import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** What one call of an SDK client is allowed by; `undefined` where that depends on what is in the call. */
const ACTIONS: Record<string, string | undefined> = {
  BatchExecuteStatementCommand: undefined,
  BatchGetCommand: 'dynamodb:BatchGetItem',
  BatchWriteCommand: 'dynamodb:BatchWriteItem',
  ChangeMessageVisibilityBatchCommand: 'sqs:ChangeMessageVisibility',
  GetCommand: 'dynamodb:GetItem',
  GetSecretValueCommand: 'secretsmanager:GetSecretValue',
  PublishBatchCommand: 'sns:Publish',
  PublishCommand: 'sns:Publish',
  PutCommand: 'dynamodb:PutItem',
  PutEventsCommand: 'events:PutEvents',
  QueryCommand: 'dynamodb:Query',
  SendMessageBatchCommand: 'sqs:SendMessage',
  TransactWriteCommand: undefined,
  UpdateCommand: 'dynamodb:UpdateItem',
  paginateQuery: 'dynamodb:Query',
};

/** What a call that carries others says, and what it needs then. */
const CARRIED: Record<string, readonly [RegExp, string][]> = {
  BatchExecuteStatementCommand: [
    [/INSERT INTO/, 'dynamodb:PartiQLInsert'],
    [/UPDATE "/, 'dynamodb:PartiQLUpdate'],
    [/DELETE FROM/, 'dynamodb:PartiQLDelete'],
    [/SELECT /, 'dynamodb:PartiQLSelect'],
  ],
  TransactWriteCommand: [
    [/\bPut: \{/, 'dynamodb:PutItem'],
    [/\bUpdate: \{/, 'dynamodb:UpdateItem'],
    [/\bDelete: \{/, 'dynamodb:DeleteItem'],
    [/\bConditionCheck: \{/, 'dynamodb:ConditionCheckItem'],
  ],
};

/**
 * Takes a function's file under `lambdas/` and gives the IAM actions that its calls to AWS need: those in our own code that are left
 * when what it never uses is cut away, as in its bundle.
 */
export function actionsCalledBy(handler: string): string[] {
  const { outputFiles } = buildSync({
    entryPoints: [join(import.meta.dirname, '..', '..', 'lambdas', handler)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  // Each file's part begins with its name in a comment.
  const parts = (outputFiles[0]?.text ?? '').split(/^\/\/ (?=[\w/.-]+\.ts$)/m);
  const actions = parts.flatMap((part) =>
    [...part.matchAll(/\bnew (\w+?Command)\d*\(|\b(paginate\w+?)\d*\(/g)].flatMap(([, command, paginator]) => {
      const call = command ?? paginator ?? '';
      if (!(call in ACTIONS))
        throw new Error(`${handler} calls ${call}: say in ${import.meta.filename} what allows it`);
      const action = ACTIONS[call];
      if (action !== undefined) return [action];
      return (CARRIED[call] ?? []).flatMap(([said, needed]) => (said.test(part) ? [needed] : []));
    }),
  );
  return [...new Set(actions)].sort();
}
