// The service's side of the outbox: stores an order and its event in one transaction, so both are stored or neither is.
import type { Pool } from 'pg';

export type Order = {
  orderId: string;
  orderNumber: string;
  customer: { id: string; phone: string; locale: string };
  payment: { token: string };
  items: { sku: string; quantity: number; unitPrice: number }[];
  charges: { kind: string; amount: number }[];
  total: { amount: number; currency: string };
};

/** Stores an order and its event. The order is safe once this returns, even while SNS is down. */
export async function placeOrder(database: Pool, order: Order): Promise<void> {
  const connection = await database.connect();
  try {
    await connection.query('BEGIN');
    await connection.query('INSERT INTO orders (order_id, details) VALUES ($1, $2)', [order.orderId, order]);
    await connection.query('INSERT INTO outbox (order_id, type, data) VALUES ($1, $2, $3)', [
      order.orderId,
      'shop.order.placed.v1',
      order,
    ]);
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  } finally {
    connection.release();
  }
}

/** Stores the event of a customer's cancellation request. Fails if the order does not exist. */
export async function requestCancellation(database: Pool, orderId: string, reason: string): Promise<void> {
  await database.query('INSERT INTO outbox (order_id, type, data) VALUES ($1, $2, $3)', [
    orderId,
    'shop.order.cancel-requested.v1',
    { orderId, reason },
  ]);
}
