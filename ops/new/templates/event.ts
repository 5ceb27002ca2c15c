import type { EventNames } from '../names.ts';

/** Writes the beginning of `contracts/custom/<family>.ts`. */
export const eventFileHead = `import * as v from 'valibot';
import { defineEvent, type EventOf } from '../cloud-event.ts';
import { orderId } from '../order.ts';
`;

/** Writes the definition of one event. */
export const eventDefinition = ({ type, family, constant, pascal }: EventNames): string => `
/** ${describe(type)} */
export const ${constant} = defineEvent({
  type: '${type}',
  channel: 'bus',
  source: '/shop/${family}',
  description: '${describe(type)}',
  data: v.object({ orderId }, 'must be an object'),
});

export type ${pascal} = EventOf<typeof ${constant}>;
`;

/** Writes the sample that is kept in `test/contracts/samples/`. */
export const eventSample = ({ type, family }: EventNames): string => `{
  "specversion": "1.0",
  "id": "o-1001.${type}",
  "source": "/shop/${family}",
  "type": "${type}",
  "time": "2026-11-21T09:00:00Z",
  "subject": "o-1001",
  "datacontenttype": "application/json",
  "data": { "orderId": "o-1001" }
}
`;

/** Describes an event by the words of its type: `Loyalty: points granted.` */
function describe(type: string): string {
  const [, family = '', event = ''] = type.split('.');
  return `${family.charAt(0).toUpperCase()}${family.slice(1)}: ${event.replaceAll('-', ' ')}.`;
}
