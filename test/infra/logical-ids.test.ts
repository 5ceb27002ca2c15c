import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Resource, synthesise } from '../builders/template.ts';

/** What a deployment would lose with a resource, and the properties that CloudFormation cannot change in place. */
type Pin = { loss: string; immutable?: Record<string, string> };
type Pins = { resources: Record<string, Record<string, Pin>>; watchedAlarms: Record<string, string> };

const root = join(import.meta.dirname, '..', '..');
const FILE = 'infra/logical-ids.json';
const shipped: Pins = JSON.parse(readFileSync(join(root, FILE), 'utf8'));
// `npm run generate` adds what a shop's own consumers have; what changed or went it leaves, for that loses data.
const own: Pick<Pins, 'resources'> = JSON.parse(
  readFileSync(join(root, 'infra', 'custom', 'logical-ids.json'), 'utf8'),
);
const pins: Pins = {
  ...shipped,
  resources: Object.fromEntries(
    Object.entries(shipped.resources).map(([type, pinned]) => [type, { ...pinned, ...own.resources[type] }]),
  ),
};

/** Properties of all pinned types whose change makes CloudFormation replace the resource. */
const IMMUTABLE = [
  'KeySchema',
  'FifoQueue',
  'QueueName',
  'FifoTopic',
  'TopicName',
  'Name',
  'ArchiveName',
  'TableName',
  'BucketName',
];

function immutableProperties({ properties }: Resource): Record<string, string> {
  const given = Object.entries<unknown>(properties ?? {}).filter(([name]) => IMMUTABLE.includes(name));
  return Object.fromEntries(
    given.map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(({ AttributeName }) => AttributeName).join(', ') : String(value),
    ]),
  );
}

/** Lists in sentences what a deployment of these resources would replace and lose, and what is not pinned yet. */
function replacements(type: string, pinned: Record<string, Pin>, resources: readonly Resource[]): string[] {
  const added = resources.filter(({ id }) => pinned[id] === undefined).map(({ id }) => id);
  const empty = added.length === 0 ? '' : ` What takes its place starts empty: ${added.join(', ')}.`;
  const replaced = Object.entries(pinned).flatMap(([id, { loss, immutable = {} }]) => {
    const resource = resources.find((one) => one.id === id);
    if (resource === undefined) {
      return [`${type} ${id} is gone: a deployment deletes it, or leaves it behind unused, and loses ${loss}.${empty}`];
    }
    const now = immutableProperties(resource);
    return [...new Set([...Object.keys(immutable), ...Object.keys(now)])]
      .filter((name) => immutable[name] !== now[name])
      .map(
        (name) =>
          `${type} ${id}: ${name} is ${now[name]} instead of ${immutable[name]}, so a deployment replaces it and loses ${loss}.`,
      );
  });
  return [
    ...replaced,
    ...added.map(
      (id) =>
        `${type} ${id} is new: add it to ${FILE} with what its loss means; \`npm run generate\` does so for a consumer of infra/custom/routes.ts.`,
    ),
  ];
}

describe('Logical ids', () => {
  const template = synthesise();

  test.each(Object.entries(pins.resources))('of every %s match the pinned ones', (type, pinned) => {
    expect(replacements(type, pinned, template.resources(type))).toEqual([]);
  });

  test.each([{ stage: 'prod' }, { stackName: 'OtherShop', stage: 'prod' }])(
    'do not depend on the stage or the name of the stack (%o)',
    (context) => {
      for (const [type, pinned] of Object.entries(pins.resources)) {
        const ids = synthesise(context).resources(type);
        expect(ids.map(({ id }) => id).sort(), type).toEqual(Object.keys(pinned).sort());
      }
    },
  );
});

describe('A changed logical id', () => {
  const type = 'AWS::DynamoDB::Table';
  const pinned = { PaymentsTable48A42630: pins.resources[type]?.PaymentsTable48A42630 ?? { loss: '' } };
  const properties = { KeySchema: [{ AttributeName: 'orderId', KeyType: 'HASH' }] };
  const table = (id: string, own: object = properties) => ({ id, properties: own, deletionPolicy: undefined });

  test('is reported with the resource, what is lost and what starts empty in its place', () => {
    const [gone, added] = replacements(type, pinned, [table('PaymentsPaymentsTable1A2B3C4D')]);
    expect(gone).toMatch(/PaymentsTable48A42630 is gone: .* loses what was captured .* starts empty: PaymentsPayments/);
    expect(added).toMatch(/PaymentsPaymentsTable1A2B3C4D is new/);
  });

  test('is distinguished from a changed property that CloudFormation cannot update in place', () => {
    const other = { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] };
    expect(replacements(type, pinned, [table('PaymentsTable48A42630', other)])).toEqual([
      expect.stringMatching(/KeySchema is id instead of orderId, so a deployment replaces it and loses what was/),
    ]);
    expect(replacements(type, pinned, [table('PaymentsTable48A42630')])).toEqual([]);
  });
});

describe('Alarms watched by a deployment', () => {
  const alarms = synthesise().resources('AWS::CloudWatch::Alarm');
  const find = (id: string) => alarms.find((one) => one.id === id)?.properties;

  // CloudFormation keeps rollback triggers on the stack: a watched alarm that disappears rolls the next deployment back.
  test.each(Object.entries(pins.watchedAlarms))('keep their logical id and name: %s, %s', (id, name) => {
    expect(find(id)?.AlarmName).toBe(`ShopMessaging-dev-${name}`);
  });

  test('are no more than CloudFormation takes', () => {
    expect(Object.keys(pins.watchedAlarms).length).toBeLessThanOrEqual(5);
  });

  test('count what a function does, because metrics of an idle queue come after the end of the watch', () => {
    const namespaces = Object.keys(pins.watchedAlarms).map((id) => find(id)?.Namespace);
    expect(namespaces).toContainEqual({ Ref: 'AWS::StackName' });
    for (const namespace of namespaces) expect([{ Ref: 'AWS::StackName' }, 'AWS/Lambda']).toContainEqual(namespace);
  });
});
