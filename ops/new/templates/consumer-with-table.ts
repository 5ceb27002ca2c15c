import type { ConsumerNames } from '../names.ts';
import type { Imports } from './imports.ts';

/** Writes `lambdas/<name>/rules.ts` of a consumer that keeps a record of each order. */
export const rulesFile = ({ name, pascal }: ConsumerNames, published: Imports): string => `
import { ${published.names.length > 0 ? 'buildEvent, type EventOf, traceContextOf' : 'type EventOf'} } from '../../contracts/cloud-event.ts';
${published.statements('../../contracts')}import type { Delivery } from '../runtime/delivery.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import type { consumes } from './consumes.ts';

/** The events that ${name} decides on. */
export type ${pascal}Event = EventOf<(typeof consumes)[number]>;

/** What ${name} records of one order: when each type of event first came. */
export type ${pascal}Record = OrderRecord & { received: Partial<Record<${pascal}Event['type'], string>> };

/**
 * Decides what follows from an event of an order: the record to write${published.names.length > 0 ? ', and what to publish' : ''}. An event that came before changes nothing${
   published.names.length > 0
     ? `, and\n * publishes the same again: the attempt that recorded it may have ended before it published`
     : ''
 }.
 */
export function next${pascal}(
  record: ${pascal}Record | undefined,
  { event, time }: Delivery<${pascal}Event>,
): Transition<${pascal}Record, never> {
  const { orderId } = event.data;
  const before = record ?? { orderId, version: 0, received: {} };
  ${published.names.length > 0 ? publishing(published) : ''}
  if (before.received[event.type] !== undefined) return ${published.names.length > 0 ? '{ publish }' : '{}'};
  return { after: { ...before, received: { ...before.received, [event.type]: time } }${published.names.length > 0 ? ', publish' : ''} };
}
`;

const publishing = ({ names }: Imports) => `
  const firstTime = before.received[event.type] ?? time;
  const publish = [${names.map(
    (constant) => `
    buildEvent(${constant}, {
      id: \`\${orderId}.\${${constant}.type}.\${event.type}\`,
      time: firstTime,
      subject: orderId,
      trace: traceContextOf(event),
      data: { orderId },
    })`,
  )}];`;

/** Writes `lambdas/<name>/handler.ts`. */
export const handlerFile = ({ name, pascal }: ConsumerNames, published: Imports): string => `
import { consumer${published.names.length > 0 ? ', onBus' : ''} } from '../runtime/consume.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { dynamoRecordStore } from '../runtime/records.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { next${pascal}, type ${pascal}Event, type ${pascal}Record } from './rules.ts';

export const handler = lambdaHandler('${name}', () =>
  consumer(
    '${name}',
    consumes,
    stateMachine<${pascal}Record, ${pascal}Event, never, never>(
      // The order of such an event has no record yet, as a rule, so none is read before it is written.
      { decide: next${pascal}, isFirstEvent: ({ type }) => type === consumes[0].type },
      dynamoRecordStore(requireEnv('TABLE_NAME')),
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
import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../../contracts/parse.ts';
import { consumes } from '../../../lambdas/${name}/consumes.ts';
import { next${pascal} } from '../../../lambdas/${name}/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { sampleOf } from '../../builders/samples.ts';

const received = (type: string) => delivery(parseEvent(sampleOf(type), consumes));
const types = [${types.map((type) => `'${type}'`).join(', ')}] as const;

describe.each(types)('%s', (type) => {
  const first = next${pascal}(undefined, received(type));

  test('is recorded when it first comes', () => {
    expect(first.after?.received[type]).toEqual(expect.any(String));
  });

  test('changes nothing when it comes again', () => {
    expect(next${pascal}(first.after, received(type)).after).toBeUndefined();
  });
${
  published.length === 0
    ? ''
    : `
  test('publishes the same whenever it comes', () => {
    expect(first.publish?.map((event) => event.type)).toEqual([${published.map((type) => `'${type}'`).join(', ')}]);
    expect(next${pascal}(first.after, received(type)).publish).toEqual(first.publish);
  });
`
}});
`;
