import { isDeepStrictEqual } from 'node:util';
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type {
  BatchExecuteStatementCommandInput,
  BatchGetCommandInput,
  DynamoDBDocumentClient,
  PutCommandInput,
  TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

type Item = Record<string, unknown>;
type Input = BatchGetCommandInput | BatchExecuteStatementCommandInput | PutCommandInput | TransactWriteCommandInput;
type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
type Update = NonNullable<Action['Update']>;

/** What becomes of one call instead: an error before it, an error after it took effect, or a transaction's reasons per action. */
export type CallFault = { before: Error } | { after: Error } | { reasons: (action: Action) => string };

/**
 * Tables in memory behind the calls that record stores make, in the forms in which they make them: anything else throws. Counts
 * calls by name, and `fault` decides on each.
 */
export class DocumentTables {
  private readonly keys: Readonly<Record<string, string>>;
  private readonly tables = new Map<string, Map<string, Item>>();
  readonly calls: string[] = [];
  fault: (name: string) => CallFault | undefined = () => undefined;

  /** `keys` names the key of each table. */
  constructor(keys: Readonly<Record<string, string>>) {
    this.keys = keys;
  }

  readonly client = {
    send: async (command: { input: Input; constructor: { name: string } }): Promise<object> => {
      const name = command.constructor.name;
      this.calls.push(name);
      const fault = this.fault(name);
      if (fault !== undefined && 'before' in fault) throw fault.before;
      const answer = this.answer(command.input, fault);
      if (fault !== undefined && 'after' in fault) throw fault.after;
      return answer;
    },
  } as unknown as DynamoDBDocumentClient;

  /** Returns the items of a table by key. */
  items(table: string): Map<string, Item> {
    const items = this.tables.get(table) ?? new Map<string, Item>();
    this.tables.set(table, items);
    return items;
  }

  private keyOf(table: string): string {
    const key = this.keys[table];
    if (key === undefined) throw new Error(`There is no table ${table}`);
    return key;
  }

  private answer(input: Input, fault: CallFault | undefined): object {
    if ('TransactItems' in input) return this.transact(input.TransactItems ?? [], fault);
    if ('RequestItems' in input) return this.read(input);
    if ('Statements' in input) return { Responses: (input.Statements ?? []).map((one) => this.execute(one)) };
    if ('Item' in input) return this.put(input);
    throw new Error('No such call');
  }

  private read({ RequestItems = {} }: BatchGetCommandInput): object {
    const Responses = Object.entries(RequestItems).map(([table, { Keys = [] }]) => {
      const found = Keys.map((key) => this.items(table).get(String(key[this.keyOf(table)])));
      return [table, structuredClone(found.filter((item) => item !== undefined))];
    });
    return { Responses: Object.fromEntries(Responses) };
  }

  private put({ TableName = '', Item = {} }: PutCommandInput): object {
    const key = String(Item[this.keyOf(TableName)]);
    const there = this.items(TableName).get(key);
    if (there !== undefined)
      throw new ConditionalCheckFailedException({ message: 'there', $metadata: {}, Item: marshall(there) });
    this.items(TableName).set(key, withoutUndefined(Item));
    return {};
  }

  /** Executes the two statements of `records.ts`. */
  private execute({
    Statement = '',
    Parameters = [],
  }: NonNullable<BatchExecuteStatementCommandInput['Statements']>[number]) {
    const insert = /^INSERT INTO "([^"]+)" VALUE \{(.+)\}$/.exec(Statement);
    if (insert !== null) {
      const [, table = '', fields = ''] = insert;
      const names = [...fields.matchAll(/'(\w+)': \?/g)].map(([, name = '']) => name);
      const item = Object.fromEntries(names.map((name, index) => [name, Parameters[index]]));
      const key = String(item[this.keyOf(table)]);
      if (this.items(table).has(key)) return { Error: { Code: 'DuplicateItem' } };
      this.items(table).set(key, item);
      return {};
    }
    const [, table = '', clauses = ''] =
      /^UPDATE "([^"]+)" (.+) WHERE "orderId" = \? AND "version" = \?$/.exec(Statement) ?? [];
    const item = this.items(table).get(String(Parameters.at(-2)));
    if (item === undefined || item.version !== Parameters.at(-1)) return { Error: { Code: 'ConditionalCheckFailed' } };
    const set = [...clauses.matchAll(/SET "(\w+)" = \?/g)].map(([, name = ''], index) => [name, Parameters[index]]);
    Object.assign(item, Object.fromEntries(set));
    for (const [, name = ''] of clauses.matchAll(/REMOVE "(\w+)"/g)) delete item[name];
    return {};
  }

  /** Writes all actions or none. */
  private transact(actions: readonly Action[], fault: CallFault | undefined): object {
    const targets = actions.map(({ Put, Update }) => {
      const table = Put?.TableName ?? Update?.TableName ?? '';
      return { table, key: String((Put?.Item ?? Update?.Key)?.[this.keyOf(table)]) };
    });
    const isDouble = targets.some((one, index) =>
      targets.slice(0, index).some((other) => isDeepStrictEqual(one, other)),
    );
    if (isDouble || actions.length > 100)
      throw Object.assign(new Error('Two actions on one item, or too many'), { name: 'ValidationException' });
    const reasons = actions.map((action, index) => {
      if (fault !== undefined && 'reasons' in fault) return { Code: fault.reasons(action) };
      const { table = '', key = '' } = targets[index] ?? {};
      const item = this.items(table).get(key);
      if (isMet(action, item)) return { Code: 'None' };
      return { Code: 'ConditionalCheckFailed', ...(item && { Item: marshall(item) }) };
    });
    if (reasons.some(({ Code }) => Code !== 'None'))
      throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: reasons });
    actions.forEach(({ Put, Update }, index) => {
      const { table = '', key = '' } = targets[index] ?? {};
      if (Put !== undefined) this.items(table).set(key, withoutUndefined(Put.Item ?? {}));
      if (Update !== undefined)
        this.items(table).set(key, updated(this.items(table).get(key) ?? { ...Update.Key }, Update));
    });
    return {};
  }
}

function isMet({ Put, Update }: Action, item: Item | undefined): boolean {
  if (Put !== undefined) return item === undefined;
  if (Update?.ConditionExpression === undefined) return true;
  if (Update.ConditionExpression !== '#version = :version') throw new Error('No such condition');
  return item?.version === Update.ExpressionAttributeValues?.[':version'];
}

function updated(item: Item, { UpdateExpression = '', ExpressionAttributeNames = {}, ...update }: Update): Item {
  const after = { ...item };
  const nameOf = (placeholder: string) => ExpressionAttributeNames[placeholder] ?? 'nothing';
  const given = (placeholder: string): unknown => update.ExpressionAttributeValues?.[placeholder];
  for (const [, name = '', value = ''] of UpdateExpression.matchAll(/(#\w+) = (:\w+)/g))
    after[nameOf(name)] = given(value);
  for (const [, name = '', value = ''] of UpdateExpression.matchAll(/(#a\d+) (:a\d+)/g))
    after[nameOf(name)] = Number(after[nameOf(name)] ?? 0) + Number(given(value));
  for (const [name] of UpdateExpression.matchAll(/#r\d+/g)) delete after[nameOf(name)];
  return structuredClone(after);
}

const withoutUndefined = (item: Item): Item =>
  structuredClone(Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)));
