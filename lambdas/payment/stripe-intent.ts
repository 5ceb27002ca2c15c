import type Stripe from 'stripe';
import { BusyError } from '../runtime/failure.ts';
import type { CallStripe } from './stripe-caller.ts';

/** Reads a payment intent with its latest charge. */
export const retrieveIntent = (callStripe: CallStripe, id: string): Promise<Stripe.PaymentIntent> =>
  callStripe(({ paymentIntents }) => paymentIntents.retrieve(id, { expand: ['latest_charge'] }));

/** Tells whether an order may be paid by an intent: one that is tagged with it, or an untagged one of the checkout's. */
export const isFreeFor = (order: string, { metadata }: Stripe.PaymentIntent): boolean =>
  metadata?.order === undefined || metadata.order === order;

export const stillProcessing = () => new BusyError('Stripe is still processing the payment');
