import { bundledText } from './permissions.ts';

/** The action of a call, where it is not called as the operation. */
const OTHER_NAMES: Record<string, string> = {
  's3:ListObjectsV2': 's3:ListBucket',
  'lambda:Invoke': 'lambda:InvokeFunction',
};
const PREFIXES: Record<string, string> = { eventbridge: 'events', 'cloudwatch-logs': 'logs' };
const IMPORTS = /import \{([^}]+)\} from "@aws-sdk\/(?:client-([\w-]+)|lib-dynamodb)"/g;

/** Reads from a command's bundle which actions of AWS it calls, so that what it does not use is left out. */
export function awsCallsOf(file: string): string[] {
  const text = bundledText(file);
  const actions = new Map(
    [...text.matchAll(IMPORTS)].flatMap(([, names = '', service]) =>
      names.split(',').map((name): [string, string] => {
        const [imported = ''] = name.trim().split(' as ');
        return [imported, service === undefined ? documentAction(imported) : actionOf(service, imported)];
      }),
    ),
  );
  const calls = [...text.matchAll(/\bnew (\w+?Command)\d*\(|\b(paginate\w+?)\d*\(/g)].map(
    ([, command = '', paginator = '']) => command || paginator,
  );
  return [...new Set(calls.flatMap((call) => actions.get(call) ?? []))].sort();
}

const operationOf = (imported: string) => imported.replace(/^paginate|Command$/g, '');

/** A batch needs the same right as its entries. */
function actionOf(service: string, imported: string): string {
  const operation = operationOf(imported);
  const prefix = PREFIXES[service] ?? service;
  const single = ['sqs', 'sns'].includes(prefix) ? operation.replace(/Batch$/, '') : operation;
  return OTHER_NAMES[`${prefix}:${single}`] ?? `${prefix}:${single}`;
}

/** The document client says `Get` for `GetItem`. */
const documentAction = (imported: string) =>
  `dynamodb:${operationOf(imported).replace(/^(Get|Put|Update|Delete|BatchGet)$/, '$1Item')}`;
