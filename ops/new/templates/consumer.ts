import type { ConsumerNames } from '../names.ts';
import type { Imports } from './imports.ts';

/** Writes `lambdas/<name>/rules.ts` of a consumer that keeps no record. */
export const rulesFile = ({ name, pascal }: ConsumerNames, published: Imports): string => `
import { ${published.names.length > 0 ? 'buildEvent, ' : ''}type CloudEvent, type EventOf${published.names.length > 0 ? ', traceContextOf' : ''} } from '../../contracts/cloud-event.ts';
${published.statements('../../contracts')}import type { Delivery } from '../runtime/delivery.ts';
import type { consumes } from './consumes.ts';

/** The events that ${name} decides on. */
export type ${pascal}Event = EventOf<(typeof consumes)[number]>;

/** Decides what to publish about an event: always the same for the same event, which may come more than once. */
export function decide${pascal}(${published.names.length > 0 ? '{ event, time }' : '_'}: Delivery<${pascal}Event>): CloudEvent[] {
  ${published.names.length > 0 ? `const { orderId } = event.data;\n  return [${published.names.map(event)}];` : 'return [];'}
}
`;

const event = (constant: string) => `
    buildEvent(${constant}, {
      id: \`\${orderId}.\${${constant}.type}.\${event.type}\`,
      time,
      subject: orderId,
      trace: traceContextOf(event),
      data: { orderId },
    })`;

/** Writes `lambdas/<name>/handler.ts`. */
export const handlerFile = ({ name, pascal }: ConsumerNames, published: Imports): string => `
import { consumer${published.names.length > 0 ? ', onBus' : ''} } from '../runtime/consume.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { publishing } from '../runtime/outbox.ts';
import { consumes } from './consumes.ts';
import { decide${pascal}, type ${pascal}Event } from './rules.ts';

export const handler = lambdaHandler('${name}', () =>
  consumer(
    '${name}',
    consumes,
    publishing<${pascal}Event>(async (deliveries) =>
      deliveries.map((delivery) => ({ publish: decide${pascal}(delivery) })),
    ),${published.names.length > 0 ? `\n    onBus('${name}'),` : ''}
  ),
);
`;

/** Writes `test/unit/<name>/rules.test.ts`. */
export const rulesTestFile = (
  { name, pascal }: ConsumerNames,
  types: readonly string[],
  published: readonly string[],
) => `
import { expect, test } from 'vitest';
import { parseEvent } from '../../../contracts/parse.ts';
import { consumes } from '../../../lambdas/${name}/consumes.ts';
import { decide${pascal} } from '../../../lambdas/${name}/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { sampleOf } from '../../builders/samples.ts';

const received = (type: string) => delivery(parseEvent(sampleOf(type), consumes));

test.each([${types.map((type) => `'${type}'`).join(', ')}])('%s publishes the same whenever it comes', (type) => {
  const published = decide${pascal}(received(type));
  expect(published.map((event) => event.type)).toEqual([${published.map((type) => `'${type}'`).join(', ')}]);
  expect(decide${pascal}(received(type))).toEqual(published);
});
`;
