import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { setting } from '../../../lambdas/runtime/settings.ts';
import { send } from './connection.ts';
import { feedOf } from './topology.ts';

const feed = feedOf(setting('SHOP'));

/** Publishes one step of an order, in the place of the peers' FIFO topic. */
export const publishStep = (step: OrderProgressed): Promise<void> => send(feed, step.data.orderId, step);
