// The relay: publishes what is in the outbox. Run one, or several for when one dies; PostgreSQL keeps them out of each other's way.
// PGHOST=… PGDATABASE=… PGUSER=… node examples/outbox/relay.ts <topic ARN>
import { setTimeout as pause } from 'node:timers/promises';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { Pool, type PoolClient } from 'pg';

type Row = { event_id: string; order_id: string; type: string; data: object; created_at: Date };

// The rows stay locked while they are published, so a call must end.
const sns = new SNSClient({
  retryMode: 'standard',
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});

// Of each order only its earliest event, also when another relay has that one just now: an event is sent after the one before it was
// taken. SKIP LOCKED lets relays work side by side; a lock ends with its connection, so a dead relay's rows are free at once.
const WAITING = `
  SELECT event_id, order_id, type, data, created_at FROM outbox AS it
  WHERE published_at IS NULL AND refusal IS NULL AND NOT EXISTS (
    SELECT FROM outbox AS earlier
    WHERE earlier.order_id = it.order_id AND earlier.sequence < it.sequence AND earlier.published_at IS NULL)
  ORDER BY sequence LIMIT 10 FOR UPDATE OF it SKIP LOCKED`;

/** Publishes up to ten events and marks them, and gives how many SNS took. A crash before the mark means: again, with the same id. */
async function relayTen(connection: PoolClient, topicArn: string): Promise<number> {
  const { rows } = await connection.query<Row>(WAITING);
  if (rows.length === 0) return 0;
  const { Successful = [], Failed = [] } = await sns.send(
    new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: rows.map((row) => ({ Id: row.event_id, Message: JSON.stringify(eventOf(row)) })),
    }),
  );
  const taken = Successful.map(({ Id }) => Id);
  await connection.query('UPDATE outbox SET published_at = now() WHERE event_id = ANY($1::uuid[])', [taken]);
  // What failed for any other reason is simply still there the next time.
  for (const { Id, Code, Message } of Failed.filter(({ SenderFault }) => SenderFault)) {
    console.error(`refused ${Id}: ${Code} ${Message}`);
    await connection.query('UPDATE outbox SET refusal = $2 WHERE event_id = $1', [Id, `${Code} ${Message}`]);
  }
  for (const { event_id, order_id, type } of rows.filter((row) => taken.includes(row.event_id))) {
    console.log(`published ${event_id} ${order_id} ${type}`);
  }
  return taken.length;
}

const eventOf = (row: Row) => ({
  specversion: '1.0',
  id: row.event_id,
  source: '/shop/checkout',
  type: row.type,
  time: row.created_at.toISOString(),
  data: row.data,
});

async function inTransaction<T>(database: Pool, work: (connection: PoolClient) => Promise<T>): Promise<T> {
  const connection = await database.connect();
  try {
    await connection.query('BEGIN');
    const result = await work(connection);
    await connection.query('COMMIT');
    connection.release();
    return result;
  } catch (error) {
    // Whatever state it is in: closing it undoes the transaction and frees the rows.
    connection.release(true);
    throw error;
  }
}

const [topicArn = ''] = process.argv.slice(2);
// Should this machine vanish without a word, PostgreSQL frees its rows after a minute.
const database = new Pool({ idle_in_transaction_session_timeout: 60_000 });
database.on('error', (error) => console.error(`a connection ended: ${error.message}`));
for (let troubles = 0; ; ) {
  try {
    const published = await inTransaction(database, (connection) => relayTen(connection, topicArn));
    troubles = 0;
    if (published === 0) await pause(200);
  } catch (error) {
    // Nothing is lost: the rows are still there. Full jitter, up to a minute.
    console.error(`will try again: ${error}`);
    troubles += 1;
    await pause(Math.random() * Math.min(60_000, 200 * 2 ** troubles));
  }
}
