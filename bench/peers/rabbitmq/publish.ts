import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { send } from './connection.ts';
import { exchangeOf } from './topology.ts';

const exchange = exchangeOf(requireEnv('SHOP'));

/** The parts of an event that its publisher chooses. */
type Parts<E extends CloudEvent> = Pick<E, 'type' | 'source' | 'id' | 'data'> & { subject: string; time: string };

/** Takes an event's own parts and gives the bare CloudEvent. */
export const cloudEvent = <E extends CloudEvent>({ type, source, id, subject, time, data }: Parts<E>) =>
  ({ specversion: '1.0', id, source, type, time, subject, datacontenttype: 'application/json', data }) as E;

/** Puts one event on the shop's exchange, in the place of the peers' bus. */
export const publish = (event: CloudEvent): Promise<void> => send(exchange, event.type, event);
