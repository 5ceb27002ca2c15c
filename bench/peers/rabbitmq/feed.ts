import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { send } from './connection.ts';
import { feedOf } from './topology.ts';

const feed = feedOf(requireEnv('SHOP'));

/** Publishes one step of an order, in the place of the peers' FIFO topic. */
export const publishStep = (step: OrderProgressed): Promise<void> => send(feed, step.data.orderId, step);
