import type { CloudEvent } from '../../contracts/cloud-event.ts';
import {
  type OrderCancelRefused,
  type OrderCancelRequested,
  type OrderRefundRequested,
  orderCancelRefused,
  orderCancelRequested,
  orderRefundRequested,
} from '../../contracts/order.ts';
import {
  type PaymentRefundDue,
  type PaymentRefunded,
  type PaymentRefundRefused,
  paymentRefundDue,
  paymentRefunded,
  paymentRefundRefused,
} from '../../contracts/payment.ts';
import { type StockReturned, stockReturned } from '../../contracts/stock.ts';
import type { Consumer } from './state.ts';

type Asking = OrderCancelRequested | OrderRefundRequested;
type Answering = OrderCancelRefused | PaymentRefunded | PaymentRefundDue | PaymentRefundRefused | StockReturned;

/** Returns what a service asks of a consumer, named as its answer names it; `undefined` where nobody has to answer. */
export function askedOf(consumer: Consumer, asking: CloudEvent): string | undefined {
  const event = asking as Asking;
  switch (event.type) {
    case orderCancelRequested.type:
      return consumer === 'order' ? cancellation(event) : undefined;
    case orderRefundRequested.type:
      if (consumer === 'payment' && event.data.amount > 0) return `money back, ${event.data.refundId}`;
      return consumer === 'stock' && event.data.items !== undefined ? `goods back, ${event.data.refundId}` : undefined;
    default:
      return undefined;
  }
}

/** Names a request to cancel by its message. */
export const cancellation = ({ source, id }: Pick<CloudEvent, 'source' | 'id'>): string =>
  `cancellation, ${source} ${id}`;

/** Returns what an event answers, and how; `undefined` where it answers nobody. A cancellation's refund was not asked for. */
export function answerOf(answering: CloudEvent): { asked: string; answer: string } | undefined {
  const event = answering as Answering;
  switch (event.type) {
    case orderCancelRefused.type:
      return { asked: cancellation(event.data), answer: event.data.reason };
    case paymentRefunded.type:
    case paymentRefundDue.type:
    case paymentRefundRefused.type: {
      const { orderId: _, refundId, ...facts } = event.data;
      const [, , answer = ''] = event.type.split('.');
      return refundId === undefined
        ? undefined
        : {
            asked: `money back, ${refundId}`,
            // A refusal names the sums of its moment.
            answer: event.type === paymentRefundRefused.type ? answer : `${answer} ${JSON.stringify(facts)}`,
          };
    }
    case stockReturned.type:
      return { asked: `goods back, ${event.data.refundId}`, answer: JSON.stringify(event.data.items) };
    default:
      return undefined;
  }
}
