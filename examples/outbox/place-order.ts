// The service's side: the order and what is to be said about it, in one transaction. Both are kept, or neither is.
import type { Pool } from 'pg';

export type Order = {
  orderId: string;
  customer: { id: string; phone: string; locale: string };
  payment: { token: string };
  items: { sku: string; quantity: number; unitPrice: number }[];
  total: { amount: number; currency: string };
};

/** Keeps an order and its event. Whoever placed it can be answered as soon as this returns: SNS may be down meanwhile. */
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

/** Keeps that a customer wants out. */
export async function requestCancellation(database: Pool, orderId: string, reason: string): Promise<void> {
  await database.query('INSERT INTO outbox (order_id, type, data) VALUES ($1, $2, $3)', [
    orderId,
    'shop.order.cancel-requested.v1',
    { orderId, reason },
  ]);
}
