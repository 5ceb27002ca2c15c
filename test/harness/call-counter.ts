import type { ConsumerMeasurement, Measurement } from '../../ops/estimate/calls.ts';
import type { ApiCall, ApiResponse, Json } from './protocol.ts';

/** Counts what AWS would bill: calls by operation, events, and DynamoDB's units. */
export class CallCounter {
  private readonly calls = new Map<string, Map<string, number>>();
  private readonly invocations = new Map<string, number>();
  private readonly messages = new Map<string, number>();
  private readonly messageBytes = new Map<string, number>();
  private readonly writes = new Map<string, { plain: number; transactional: number }>();
  private readonly reads = new Map<string, number>();
  private readonly itemBytes = new Map<string, number>();
  private readonly events = { bus: [0, 0], feed: [0, 0], texts: [0, 0] };
  private indexWrites = 0;
  private readonly tables: ReadonlyMap<string, string>;
  private readonly consumerOf: (queueUrl: string) => string;

  /** `tables`: short names by table name; calls of other tables are not counted. */
  constructor(tables: ReadonlyMap<string, string>, consumerOf: (queueUrl: string) => string = fromDeployedName) {
    this.tables = tables;
    this.consumerOf = consumerOf;
  }

  recordInvocations(consumer: string, times: number): void {
    this.invocations.set(consumer, times);
  }

  /** Records the sizes of the items in a table after the run. */
  recordItemSizes(table: string, sizes: readonly number[]): void {
    this.itemBytes.set(table, sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length));
  }

  recordCall(call: ApiCall, response: ApiResponse): void {
    const { operation, service, body, query } = call;
    if (operation === 'ReceiveMessage') this.received(String(body.QueueUrl), response);
    if (['ReceiveMessage', 'DeleteMessageBatch'].includes(operation)) return;
    if (service === 'dynamodb' && !this.touches(body)) return;
    const consumer = call.caller.replace(/-\d+$/, '');
    const own = this.calls.get(consumer) ?? new Map<string, number>();
    const name = operation === 'Publish' && query.has('PhoneNumber') ? 'sns.PublishText' : `${service}.${operation}`;
    own.set(name, (own.get(name) ?? 0) + 1);
    this.calls.set(consumer, own);
    this.recordEvents(name, call);
  }

  private recordEvents(name: string, { body, query }: ApiCall): void {
    switch (name) {
      case 'events.PutEvents':
        for (const { Detail, Source, DetailType } of body.Entries as Record<string, string>[])
          add(this.events.bus, `${Detail}${Source}${DetailType}`);
        break;
      case 'sns.PublishBatch':
        for (const [field, value] of query) if (field.endsWith('.Message')) add(this.events.feed, value);
        break;
      case 'sns.Publish':
        add(this.events.feed, query.get('Message') ?? '');
        break;
      case 'sns.PublishText':
        add(this.events.texts, query.get('Message') ?? '');
    }
  }

  /** Returns the counts per order. Sizes are rounded, because ids and times differ between runs. */
  perOrder(orders: number, log: string): Measurement {
    const lines = log.split('\n').filter((line) => line !== '');
    const logBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(withFixedTimes(line)) + 1, 0);
    const consumers = [...this.invocations].map(([name, invocations]): [string, ConsumerMeasurement] => [
      name,
      {
        invocations: invocations / orders,
        messages: (this.messages.get(name) ?? 0) / orders,
        messageBytes: rounded((this.messageBytes.get(name) ?? 0) / (this.messages.get(name) || 1)),
        calls: Object.fromEntries(
          [...(this.calls.get(name) ?? [])].sort().map(([what, times]) => [what, times / orders]),
        ),
      },
    ]);
    const events = ([count = 0, bytes = 0]: number[]) => ({
      count: count / orders,
      bytes: rounded(bytes / (count || 1)),
    });
    return {
      consumers: Object.fromEntries(consumers),
      busEvents: events(this.events.bus),
      feedEvents: events(this.events.feed),
      texts: events(this.events.texts),
      tables: Object.fromEntries(
        [...this.itemBytes].map(([name, bytes]) => {
          const { plain = 0, transactional = 0 } = this.writes.get(name) ?? {};
          return [
            name,
            {
              itemBytes: rounded(bytes),
              writes: plain / orders,
              transactionalWrites: transactional / orders,
              reads: (this.reads.get(name) ?? 0) / orders,
            },
          ];
        }),
      ),
      indexWrites: this.indexWrites / orders,
      log: { lines: lines.length / orders, bytes: rounded(logBytes / orders) },
      metrics: metricsIn(lines),
    };
  }

  private received(queueUrl: string, answer: ApiResponse): void {
    const { Messages = [] } = JSON.parse(answer.body || '{}') as { Messages?: { Body: string }[] };
    const consumer = this.consumerOf(queueUrl);
    this.messages.set(consumer, (this.messages.get(consumer) ?? 0) + Messages.length);
    const bytes = Messages.reduce((sum, { Body }) => sum + Buffer.byteLength(Body), 0);
    this.messageBytes.set(consumer, (this.messageBytes.get(consumer) ?? 0) + bytes);
  }

  /** Counts the reads and writes of a DynamoDB call; false if it is not about one of the tables. */
  private touches(body: Json): boolean {
    let known = false;
    const note = (table: string, how: 'plain' | 'transactional' | 'read', units = 1, index = false) => {
      const name = this.tables.get(table);
      if (name === undefined) return;
      known = true;
      if (how === 'read') this.reads.set(name, (this.reads.get(name) ?? 0) + units);
      else {
        const writes = this.writes.get(name) ?? { plain: 0, transactional: 0 };
        writes[how] += units;
        this.writes.set(name, writes);
      }
      if (index) this.indexWrites += 1;
    };
    for (const { Statement } of (body.Statements as { Statement: string }[] | undefined) ?? []) {
      note(/"([^"]+)"/.exec(Statement)?.[1] ?? '', 'plain', 1, /'open'|"open"/.test(Statement));
    }
    for (const item of (body.TransactItems as Json[] | undefined) ?? []) {
      note(String((item.Put ?? item.Update).TableName), 'transactional');
    }
    for (const [table, { Keys }] of Object.entries((body.RequestItems as Json | undefined) ?? {})) {
      note(table, 'read', (Keys as unknown[]).length);
    }
    if (body.TableName !== undefined) {
      note(
        String(body.TableName),
        body.Item !== undefined || body.UpdateExpression !== undefined ? 'plain' : 'read',
        1,
        body.Item?.open !== undefined || Object.values(body.ExpressionAttributeNames ?? {}).includes('open'),
      );
    }
    return known;
  }
}

const fromDeployedName = (queueUrl: string) =>
  /-([A-Z][a-z]+)(?:Queue|DeadLetterQueue)/.exec(queueUrl)?.[1]?.toLowerCase() ?? queueUrl;

/** Replaces the times in a log line, whose length differs between runs. */
const withFixedTimes = (line: string) =>
  line
    .replace(/("(?:waitedMs|tookMs|Took)":)\d+/g, '$1100')
    .replace(/("Waited":\[)([\d,]*)/g, (_, start: string, times: string) => start + times.replace(/\d+/g, '100'));

const rounded = (bytes: number) => Math.round(bytes / 10) * 10;

function add(sums: number[], text: string): void {
  sums[0] = (sums[0] ?? 0) + 1;
  sums[1] = (sums[1] ?? 0) + Buffer.byteLength(text);
}

/**
 * Approximates the size that DynamoDB bills for an item
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export function itemBytes(value: unknown): number {
  if (Array.isArray(value)) return 3 + value.reduce((sum: number, one) => sum + 1 + itemBytes(one), 0);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).reduce((sum, [name, one]) => sum + 1 + name.length + itemBytes(one), 3);
  }
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  return typeof value === 'string' ? Buffer.byteLength(value) : 1;
}

/** Counts the distinct metrics in CloudWatch's embedded metric format; each set of dimension values is one. */
function metricsIn(lines: readonly string[]): number {
  const names = new Set<string>();
  for (const line of lines) {
    const document = line.startsWith('{') ? (JSON.parse(line) as Json) : {};
    for (const { Namespace, Dimensions, Metrics } of document._aws?.CloudWatchMetrics ?? []) {
      for (const dimensions of Dimensions as string[][]) {
        for (const { Name } of Metrics as { Name: string }[]) {
          names.add([Namespace, Name, ...dimensions.map((one) => `${one}=${document[one]}`)].join(' '));
        }
      }
    }
  }
  return names.size;
}
