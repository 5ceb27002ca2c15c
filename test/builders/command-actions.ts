import { bundledText } from './permissions.ts';

/** The actions that a call needs, where they are not called as its operation. */
const OTHER_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  // Of a record that is there.
  'dynamodb:BatchExecuteStatement': ['dynamodb:PartiQLUpdate'],
  'lambda:Invoke': ['lambda:InvokeFunction'],
  's3:ListObjectsV2': ['s3:ListBucket'],
  // With tags, which say when the object ends.
  's3:PutObject': ['s3:PutObject', 's3:PutObjectTagging'],
};

/** Returns the actions that a command's call needs; a batch needs those of its entries. */
export function actionsOfCall(prefix: string, operation: string): readonly string[] {
  const single = ['sqs', 'sns'].includes(prefix) ? operation.replace(/Batch$/, '') : operation;
  return OTHER_ACTIONS[`${prefix}:${single}`] ?? [`${prefix}:${single}`];
}

const PREFIXES: Record<string, string> = { eventbridge: 'events', 'cloudwatch-logs': 'logs' };
const IMPORTS = /import \{([^}]+)\} from "@aws-sdk\/(?:client-([\w-]+)|lib-dynamodb)"/g;

/** Reads from a command's bundle which actions of AWS it calls, so that what it does not use is left out. */
export function awsCallsOf(file: string): string[] {
  const text = bundledText(file);
  const actions = new Map(
    [...text.matchAll(IMPORTS)].flatMap(([, names = '', service = 'dynamodb']) =>
      names.split(',').map((name): [string, readonly string[]] => {
        const [imported = ''] = name.trim().split(' as ');
        const operation = imported.replace(/^paginate|Command$/g, '');
        return [
          imported,
          actionsOfCall(PREFIXES[service] ?? service, service === 'dynamodb' ? itemOperation(operation) : operation),
        ];
      }),
    ),
  );
  const calls = [...text.matchAll(/\bnew (\w+?Command)\d*\(|\b(paginate\w+?)\d*\(/g)].map(
    ([, command = '', paginator = '']) => command || paginator,
  );
  return [...new Set(calls.flatMap((call) => actions.get(call) ?? []))].sort();
}

/** The document client says `Get` for `GetItem`. */
const itemOperation = (operation: string) => operation.replace(/^(Get|Put|Update|Delete|BatchGet)$/, '$1Item');
