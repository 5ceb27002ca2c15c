import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** The IAM action each SDK command needs; `undefined` when that depends on the content of the call. */
const ACTIONS: Record<string, string | undefined> = {
  BatchExecuteStatementCommand: undefined,
  BatchGetCommand: 'dynamodb:BatchGetItem',
  ChangeMessageVisibilityBatchCommand: 'sqs:ChangeMessageVisibility',
  DeleteMessageCommand: 'sqs:DeleteMessage',
  GetCommand: 'dynamodb:GetItem',
  GetEventSourceMappingCommand: 'lambda:GetEventSourceMapping',
  GetSecretValueCommand: 'secretsmanager:GetSecretValue',
  PublishBatchCommand: 'sns:Publish',
  PublishCommand: 'sns:Publish',
  PutCommand: 'dynamodb:PutItem',
  PutEventsCommand: 'events:PutEvents',
  PutObjectCommand: 's3:PutObject',
  QueryCommand: 'dynamodb:Query',
  ReceiveMessageCommand: 'sqs:ReceiveMessage',
  SendMessageBatchCommand: 'sqs:SendMessage',
  SendMessageCommand: 'sqs:SendMessage',
  TransactWriteCommand: undefined,
  UpdateCommand: 'dynamodb:UpdateItem',
  paginateQuery: 'dynamodb:Query',
  paginateScan: 'dynamodb:Scan',
};

/** The IAM actions of commands that contain other operations, by a pattern in their code. */
const ACTIONS_BY_CONTENT: Record<string, readonly [RegExp, string][]> = {
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

/** Bundles a file of this repository without its packages, so that code that it does not use is left out. */
export function bundledText(file: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

/**
 * Returns the IAM actions that the function in a file under `lambdas/` needs. Reads them from the function's bundle, so that
 * code that the function does not use is left out.
 */
export function actionsCalledBy(handler: string): string[] {
  // In the bundle, each file begins with a comment with its name.
  const parts = bundledText(join(import.meta.dirname, '..', '..', 'lambdas', handler)).split(
    /^\/\/ (?=[\w/.-]+\.ts$)/m,
  );
  const actions = parts.flatMap((part) =>
    [...part.matchAll(/\bnew (\w+?Command)\d*\(|\b(paginate\w+?)\d*\(/g)].flatMap(([, command, paginator]) => {
      const call = command ?? paginator ?? '';
      if (!(call in ACTIONS))
        throw new Error(`${handler} calls ${call}: say in ${import.meta.filename} what allows it`);
      const action = ACTIONS[call];
      if (action !== undefined) return [action];
      return (ACTIONS_BY_CONTENT[call] ?? []).flatMap(([said, needed]) => (said.test(part) ? [needed] : []));
    }),
  );
  return [...new Set(actions)].sort();
}
