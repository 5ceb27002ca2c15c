import type { CloudEvent } from '../../../contracts/cloud-event.ts';

/** The parts of an event that its publisher chooses. */
type Parts<E extends CloudEvent> = Pick<E, 'type' | 'source' | 'id' | 'data'> & { subject: string; time: string };

/** Builds a CloudEvent without validating it. */
export const cloudEvent = <E extends CloudEvent>({ type, source, id, subject, time, data }: Parts<E>) =>
  ({ specversion: '1.0', id, source, type, time, subject, datacontenttype: 'application/json', data }) as E;
