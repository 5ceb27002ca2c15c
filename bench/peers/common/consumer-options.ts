import type { z } from 'zod';

export type OrderEvent = { id: string; type: string; data: { orderId: string } };

/** A consumer: its name, the schema of its events, what it does with one, and whether its queue is a FIFO queue. */
export type ConsumerOptions = {
  name: string;
  schema: z.ZodType<OrderEvent>;
  handle: (event: OrderEvent) => Promise<void>;
  fifo: boolean;
};
