import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Transition } from '../../lambdas/runtime/state-machine.ts';

/** Returns what a transition publishes where nothing is refused, in sequence. */
export const publishedBy = ({ outbox = [], publish = [] }: Transition<unknown, unknown>): CloudEvent[] => [
  ...outbox.flatMap(({ events }) => events),
  ...publish,
];

/** Returns an order's record once a transition is written, published and noted. */
export function settled(before: Order | undefined, { after = before, outbox = [] }: Transition<Order, never>) {
  const gap = outbox.findIndex(({ position }) => position === undefined);
  const published = outbox.slice(0, gap === -1 ? undefined : gap).at(-1)?.position;
  return after && published !== undefined ? { ...after, published } : after;
}
