import { beforeAll, describe, expect, test, vi } from 'vitest';
import { shippedRoutes } from '../../infra/routing.ts';
import { eventsPut } from '../builders/events-put.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const template = synthesise();
const functions = [...Object.keys(shippedRoutes), 'sweep', 'archive'];

// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Statement = any;

const grants = (name: string): Statement[] =>
  (template.function(name).role.properties.PolicyDocument.Statement as Statement[]).filter((statement) =>
    actionsOf(statement).includes('events:PutEvents'),
  );

/** Returns every pair of a source and a type that a function may put on the bus. */
const granted = (name: string): string[] =>
  grants(name).flatMap(({ Condition }) => {
    const { 'events:source': sources, 'events:detail-type': types } = Condition['ForAllValues:StringEquals'];
    return [sources].flat().flatMap((source) => [types].flat().map((type) => `${source} ${type}`));
  });

describe('What a function may put on the bus', () => {
  let sent: Map<string, Set<string>>;

  beforeAll(async () => {
    const output = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    // Pauses after a lost race are random; the simulation has its own randomness.
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    sent = new Map(functions.map((name) => [name, new Set()]));
    for (const { by, event } of await eventsPut()) sent.get(by)?.add(`${event.source} ${event.type}`);
    for (const mock of [output, random]) mock.mockRestore();
  }, 60_000);

  test.each(functions)('is exactly what it sends: %s', (name) => {
    expect([...(sent.get(name) ?? [])].sort()).toEqual(granted(name).sort());
  });

  test.each(functions)('is limited in every entry of a call, to the one bus: %s', (name) => {
    const [bus] = template.resources('AWS::Events::EventBus');
    for (const statement of grants(name)) {
      expect(statement).toEqual({
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: { 'Fn::GetAtt': [bus?.id, 'Arn'] },
        Condition: {
          'ForAllValues:StringEquals': { 'events:source': expect.anything(), 'events:detail-type': expect.anything() },
          Null: { 'events:source': 'false', 'events:detail-type': 'false' },
        },
      });
    }
  });

  test('is nothing for shipping and the archive, which do not know the bus', () => {
    const knowing = functions.filter((name) => {
      const { EVENT_BUS_NAME } = template.function(name).function.properties.Environment.Variables;
      return EVENT_BUS_NAME !== undefined;
    });
    expect(knowing).toEqual(functions.filter((name) => name !== 'shipping' && name !== 'archive'));
    expect(functions.filter((name) => grants(name).length > 0)).toEqual(knowing);
  });
});
