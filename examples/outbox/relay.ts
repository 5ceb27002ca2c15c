// The relay: publishes the events in the outbox. Run several for availability; PostgreSQL row locks coordinate them.
// PGHOST=… PGDATABASE=… PGUSER=… npx node examples/outbox/relay.ts <topic ARN>
import { setTimeout as pause } from 'node:timers/promises';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { Pool, type PoolClient } from 'pg';
import { MAX_BYTES, nextBatch } from './batch.ts';

type OutboxRow = { event_id: string; order_id: string; type: string; data: object; created_at: Date };

// The rows are locked while they are published, so calls need timeouts.
const sns = new SNSClient({
  retryMode: 'standard',
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});

// Selects only the earliest unpublished event of each order, even if another relay holds it: an event is sent only after its
// predecessor was accepted. SKIP LOCKED lets relays work concurrently; a lock ends with its connection, so the rows of a crashed relay
// are released at once.
const SELECT_PENDING = `
  SELECT event_id, order_id, type, data, created_at FROM outbox AS event
  WHERE published_at IS NULL AND refusal IS NULL AND NOT EXISTS (
    SELECT FROM outbox AS earlier
    WHERE earlier.order_id = event.order_id AND earlier.sequence < event.sequence AND earlier.published_at IS NULL)
  ORDER BY sequence LIMIT 10 FOR UPDATE OF event SKIP LOCKED`;

/**
 * Publishes and marks up to ten events, as many as fit into one call, and marks those that can never be sent. Returns how many
 * it marked. After a crash in between, the same events are sent again.
 */
async function relayBatch(connection: PoolClient, topicArn: string): Promise<number> {
  const { rows } = await connection.query<OutboxRow>(SELECT_PENDING);
  const { batch, tooLarge } = nextBatch(rows.map((row) => ({ ...row, message: JSON.stringify(toCloudEvent(row)) })));
  for (const { event_id, message } of tooLarge) {
    await refuse(connection, event_id, `${Buffer.byteLength(message)} bytes: SNS takes ${MAX_BYTES} bytes at most`);
  }
  if (batch.length === 0) return tooLarge.length;
  const { Successful = [], Failed = [] } = await sns.send(
    new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: batch.map(({ event_id, message }) => ({ Id: event_id, Message: message })),
    }),
  );
  const acceptedIds = Successful.map(({ Id }) => Id);
  await connection.query('UPDATE outbox SET published_at = now() WHERE event_id = ANY($1::uuid[])', [acceptedIds]);
  // Entries that failed for other reasons stay unpublished and are selected again.
  const refused = Failed.filter(({ SenderFault }) => SenderFault);
  for (const { Id, Code, Message } of refused) await refuse(connection, Id, `${Code} ${Message}`);
  for (const { event_id, order_id, type } of batch.filter((row) => acceptedIds.includes(row.event_id))) {
    console.log(`published ${event_id} ${order_id} ${type}`);
  }
  return acceptedIds.length + refused.length + tooLarge.length;
}

async function refuse(connection: PoolClient, eventId: string | undefined, reason: string): Promise<void> {
  console.error(`refused ${eventId}: ${reason}`);
  await connection.query('UPDATE outbox SET refusal = $2 WHERE event_id = $1', [eventId, reason]);
}

const toCloudEvent = (row: OutboxRow) => ({
  specversion: '1.0',
  id: row.event_id,
  source: '/shop/checkout',
  type: row.type,
  time: row.created_at.toISOString(),
  data: row.data,
});

async function inTransaction<T>(database: Pool, operation: (connection: PoolClient) => Promise<T>): Promise<T> {
  const connection = await database.connect();
  try {
    await connection.query('BEGIN');
    const result = await operation(connection);
    await connection.query('COMMIT');
    connection.release();
    return result;
  } catch (error) {
    // The connection may be in any state: closing it rolls the transaction back and releases the rows.
    connection.release(true);
    throw error;
  }
}

const [topicArn = ''] = process.argv.slice(2);
// If this machine disappears without closing its connections, PostgreSQL releases its rows after a minute.
const database = new Pool({ idle_in_transaction_session_timeout: 60_000 });
database.on('error', (error) => console.error(`an idle connection failed: ${error.message}`));
for (let failures = 0; ; ) {
  try {
    const marked = await inTransaction(database, (connection) => relayBatch(connection, topicArn));
    failures = 0;
    if (marked === 0) await pause(200);
  } catch (error) {
    // Nothing is lost: the rows stay unpublished. Exponential backoff with full jitter, at most a minute.
    console.error(`publishing failed, retrying: ${error}`);
    failures += 1;
    await pause(Math.random() * Math.min(60_000, 200 * 2 ** failures));
  }
}
