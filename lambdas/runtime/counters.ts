import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import {
  attributeChanges,
  documentClient,
  dynamoRecordStore,
  MAX_ACTIONS_PER_TRANSACTION,
  type OrderRecord,
  type RecordChange,
  type RecordStore,
  type SaveResult,
  toRefusal,
  toSaveResult,
} from './records.ts';

/** What one record counts for in one counter: the counter's key, and what is added to each of its attributes. */
export type Count = { key: string; add: Readonly<Record<string, number>> };

/** The two tables of a consumer that counts. */
export type CountingTables<R extends OrderRecord> = {
  /** The table with one record per order. */
  records: string;
  /** The table with one item per counter, and the name of its key. */
  counters: { table: string; key: string };
  /**
   * Returns what a record counts for, from what is on the record and nothing else: what the record before counted for is taken back, also
   * by a later version of the code. A rate that may change must have been applied before the record was written.
   */
  countsOf(record: R): readonly Count[];
};

/** A change, and what it adds to the counters: at least one number that is not 0. */
type CountedChange<R extends OrderRecord> = { change: RecordChange<R>; additions: readonly Count[] };

/**
 * Keeps one record per order and, in items of their own, sums over many orders: a customer's points, a coupon's uses. A counter is always the
 * sum of what the records count for, because a write that changes what a record counts for adds the difference to the counters in one
 * transaction. So whatever keeps a record right (version, tombstone, repetition) keeps the sums right.
 *
 * A transaction costs two write units for each item of up to 1 kB; writes that change no count are those of `dynamoRecordStore`. The
 * changes of a round share a transaction, and each has its own where that is refused. Many writers of one counter get in each other's way:
 * what keeps losing ends as `BusyError` and is retried.
 */
export function countingRecordStore<R extends OrderRecord>(
  { records, counters, countsOf }: CountingTables<R>,
  client = documentClient(),
): RecordStore<R> {
  const store = dynamoRecordStore<R>(records, client);

  async function commit(group: readonly CountedChange<R>[]): Promise<SaveResult<R>[]> {
    const writes = group.map(({ change }) => recordWrite(records, change));
    const updates = sumOf(group.flatMap(({ additions }) => additions)).map((count) => counterUpdate(counters, count));
    try {
      await client.send(new TransactWriteCommand({ TransactItems: [...writes, ...updates] }));
      return group.map(() => 'saved');
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      if (group.length === 1) return [refusalOf<R>(error)];
      const results: SaveResult<R>[] = [];
      // One after the other: two of them may add to one counter.
      for (const one of group) results.push(...(await commit([one])));
      return results;
    }
  }

  return {
    ...store,
    async save(changes) {
      const all = changes.map((change) => ({ change, additions: additionsOf(change, countsOf) }));
      const plain = all.filter(({ additions }) => additions.length === 0);
      const counted = all.filter(({ additions }) => additions.length > 0);
      const results = new Map<RecordChange<R>, SaveResult<R> | undefined>();
      const saved = await store.save(plain.map(({ change }) => change));
      for (const [index, { change }] of plain.entries()) results.set(change, saved[index]);
      for (const group of intoTransactions(counted)) {
        const committed = await commit(group);
        for (const [index, { change }] of group.entries()) results.set(change, committed[index]);
      }
      return changes.map((change) => results.get(change) ?? toSaveResult(undefined));
    },
  };
}

/** Returns what a change adds to the counters: what the record counts for now, less what it counted for before. */
function additionsOf<R extends OrderRecord>(
  { before, after }: RecordChange<R>,
  countsOf: CountingTables<R>['countsOf'],
): Count[] {
  const takenBack = (before === undefined ? [] : countsOf(before)).map(({ key, add }) => ({
    key,
    add: Object.fromEntries(Object.entries(add).map(([attribute, by]) => [attribute, -by])),
  }));
  return sumOf([...countsOf(after), ...takenBack]);
}

/** Adds up what is added to each counter, because a transaction may write an item once; leaves out what adds up to nothing. */
function sumOf(counts: readonly Count[]): Count[] {
  const sums = new Map<string, Map<string, number>>();
  for (const { key, add } of counts) {
    const sum = sums.get(key) ?? new Map<string, number>();
    sums.set(key, sum);
    for (const [attribute, by] of Object.entries(add)) sum.set(attribute, (sum.get(attribute) ?? 0) + by);
  }
  return [...sums].flatMap(([key, sum]) => {
    const added = [...sum].filter(([, by]) => by !== 0);
    return added.length === 0 ? [] : [{ key, add: Object.fromEntries(added) }];
  });
}

/** Splits changes so that each part fits into one transaction. */
function intoTransactions<R extends OrderRecord>(changes: readonly CountedChange<R>[]): CountedChange<R>[][] {
  const groups: CountedChange<R>[][] = [];
  let room = 0;
  for (const one of changes) {
    const actions = 1 + one.additions.length;
    const last = groups.at(-1);
    if (last === undefined || actions > room) {
      groups.push([one]);
      room = MAX_ACTIONS_PER_TRANSACTION;
    } else last.push(one);
    room -= actions;
  }
  return groups;
}

function recordWrite<R extends OrderRecord>(TableName: string, { before, after }: RecordChange<R>) {
  const common = { TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  if (before === undefined)
    return {
      Put: { ...common, Item: { ...after, version: 1 }, ConditionExpression: 'attribute_not_exists(orderId)' },
    };
  const { set, remove } = attributeChanges({ before, after });
  const removal = remove.length === 0 ? '' : ` REMOVE ${remove.map((_, index) => `#r${index}`).join(', ')}`;
  return {
    Update: {
      ...common,
      Key: { orderId: after.orderId },
      // By position, because an attribute may have any name.
      UpdateExpression: `SET ${set.map((_, index) => `#s${index} = :s${index}`).join(', ')}${removal}`,
      ConditionExpression: '#version = :version',
      ExpressionAttributeNames: Object.fromEntries([
        ['#version', 'version'],
        ...set.map(([name], index) => [`#s${index}`, name]),
        ...remove.map((name, index) => [`#r${index}`, name]),
      ]),
      ExpressionAttributeValues: Object.fromEntries([
        [':version', before.version],
        ...set.map(([, value], index) => [`:s${index}`, value]),
      ]),
    },
  };
}

/** Adds to a counter; the first addition creates it. */
function counterUpdate({ table, key: keyName }: CountingTables<OrderRecord>['counters'], { key, add }: Count) {
  const additions = Object.entries(add);
  return {
    Update: {
      TableName: table,
      Key: { [keyName]: key },
      UpdateExpression: `ADD ${additions.map((_, index) => `#a${index} :a${index}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(additions.map(([attribute], index) => [`#a${index}`, attribute])),
      ExpressionAttributeValues: Object.fromEntries(additions.map(([, by], index) => [`:a${index}`, by])),
    },
  };
}

/**
 * Reads why the transaction of one change was refused. The first reason is the record's, whose condition tells who was first; the others
 * are the counters', which have no condition: another writer is at them, or they are throttled.
 */
function refusalOf<R extends OrderRecord>(error: TransactionCanceledException): SaveResult<R> {
  const [ofRecord] = error.CancellationReasons ?? [];
  return ofRecord?.Item === undefined ? toRefusal(error) : { found: unmarshall(ofRecord.Item) as R };
}
