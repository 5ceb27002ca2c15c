import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template as SynthesisedTemplate } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPins } from '../../ops/deploy/pins.ts';
import { type Plan, planDeployment } from '../../ops/deploy/plan.ts';
import { type Confirmations, refusalsOf } from '../../ops/deploy/refusals.ts';
import { parseTemplate, type Template, type TemplateResource } from '../../ops/deploy/template.ts';
import { synthesise, type TestSettings } from '../builders/template.ts';

const pins = await readPins();
const { losses } = pins;
const target = { stackName: 'ShopMessaging', stage: 'dev' };
const NONE: Confirmations = { change: [], replace: [] };

/** The template as CloudFormation returns it: parsed from its text. */
const templateOf = (settings: TestSettings = {}): Template =>
  parseTemplate(JSON.stringify(SynthesisedTemplate.fromStack(synthesise(settings).stack).toJSON()), 'the test');

const withSettings = (template: Template, Settings: object): Template => ({ ...template, Metadata: { Settings } });

const deployed = withSettings(templateOf(), target);
const pinned = Object.keys(losses);

const refusals = (next: Template, given: Partial<Confirmations> = {}, before: Template = deployed) =>
  refusalsOf(planDeployment(before, next, target), { ...NONE, ...given }, pins);

const without = (template: Template, ...logicalIds: string[]): Template => ({
  ...template,
  Resources: Object.fromEntries(Object.entries(template.Resources).filter(([id]) => !logicalIds.includes(id))),
});

function edited(
  template: Template,
  logicalId: string,
  edit: (resource: TemplateResource) => TemplateResource,
): Template {
  const resource = template.Resources[logicalId];
  if (resource === undefined) throw new Error(`There is no ${logicalId}`);
  return { ...template, Resources: { ...template.Resources, [logicalId]: edit(resource) } };
}

const withProperty = (template: Template, logicalId: string, name: string, value: unknown): Template =>
  edited(template, logicalId, (resource) => ({ ...resource, Properties: { ...resource.Properties, [name]: value } }));

/** "Update requires: Replacement", by https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ and what regenerates a value. */
const IMMUTABLE: Record<string, readonly string[]> = {
  'AWS::DynamoDB::Table': ['KeySchema', 'TableName'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::SQS::Queue': ['FifoQueue', 'QueueName'],
  'AWS::SNS::Topic': ['FifoTopic', 'TopicName'],
  'AWS::Events::EventBus': ['Name'],
  'AWS::Events::Archive': ['ArchiveName', 'SourceArn'],
  'AWS::SecretsManager::Secret': ['Name', 'GenerateSecretString'],
  'AWS::KMS::Key': [],
};

test('The same template changes nothing and is never refused', () => {
  expect(planDeployment(deployed, deployed, target)).toMatchObject({ settings: [], added: 0, changed: 0, lost: [] });
  expect(refusals(deployed)).toEqual([]);
});

test('A first deployment needs no confirmation, and refuses one that means nothing', () => {
  const plan = planDeployment(undefined, deployed, target);
  expect(plan).toMatchObject({ first: true, settings: [], lost: [] });
  expect(refusalsOf(plan, NONE, pins)).toEqual([]);
  expect(refusalsOf(plan, { change: ['encryption'], replace: [] }, pins)).toHaveLength(1);
});

test('A resource of a pinned type is not removed without its own --replace, even where its pin is gone with it', () => {
  const [table = ''] = pinned.filter((logicalId) => deployed.Resources[logicalId]?.Type === 'AWS::DynamoDB::Table');
  const unpinned = { ...pins, losses: Object.fromEntries(Object.entries(losses).filter(([id]) => id !== table)) };
  const plan = planDeployment(deployed, without(deployed, table), target);
  expect(refusalsOf(plan, NONE, unpinned)).toEqual([expect.stringContaining(`loses what it holds`)]);
  expect(refusalsOf(plan, { ...NONE, replace: [table] }, unpinned)).toEqual([]);
});

describe('A pinned resource', () => {
  test.each(pinned)('%s is not removed without its own --replace', (logicalId) => {
    const next = without(deployed, logicalId);
    expect(refusals(next)).toEqual([
      expect.stringMatching(new RegExp(`${logicalId} would be removed, and the shop loses .*--replace ${logicalId}`)),
    ]);
    expect(refusals(next)[0]).toContain(losses[logicalId]);
    expect(refusals(next, { replace: [logicalId] })).toEqual([]);
  });

  test.each(
    pinned.flatMap((logicalId) => {
      const properties = IMMUTABLE[deployed.Resources[logicalId]?.Type ?? ''];
      if (properties === undefined) throw new Error(`No immutable properties are known of the type of ${logicalId}`);
      return properties.map((name) => [logicalId, name] as const);
    }),
  )('%s is not replaced by a change of %s without its own --replace', (logicalId, name) => {
    const next = withProperty(deployed, logicalId, name, 'another');
    const refused = refusals(next).find((sentence) => sentence.includes(` ${logicalId} `));
    expect(refused).toContain(`would be replaced because of ${name}`);
    expect(refused).toContain(losses[logicalId]);
    expect(refusals(next, { replace: [logicalId] }).filter((sentence) => sentence.includes(` ${logicalId} `))).toEqual(
      [],
    );
  });

  test.each(pinned)('%s is not replaced by a resource of another type', (logicalId) => {
    const next = edited(deployed, logicalId, (resource) => ({ ...resource, Type: 'AWS::SSM::Parameter' }));
    expect(refusals(next)).toContainEqual(expect.stringContaining(`${logicalId} would be replaced`));
  });

  test('is not lost under a new logical id', () => {
    const { OrdersTable315BB997: table, ...others } = deployed.Resources;
    if (table === undefined) throw new Error('There is no orders table');
    const next = { ...deployed, Resources: { ...others, OrdersOrdersTable12345678: table } };
    expect(refusals(next)).toEqual([expect.stringContaining('OrdersTable315BB997 would be removed')]);
  });

  test('is changed in place without a question', () => {
    const id = 'OrderQueueE0B5CC5D';
    const next = withProperty(deployed, id, 'MessageRetentionPeriod', 60);
    expect(planDeployment(deployed, next, target)).toMatchObject({ added: 0, changed: 1, lost: [] });
    expect(refusals(next)).toEqual([]);
  });

  test('says that AWS keeps it where its deletion policy says so', () => {
    const id = 'OrdersTable315BB997';
    for (const DeletionPolicy of ['Retain', 'RetainExceptOnCreate', 'Delete']) {
      const before = edited(deployed, id, (resource) => ({ ...resource, DeletionPolicy }));
      const [sentence = ''] = refusals(without(deployed, id), {}, before);
      expect(sentence.includes('AWS keeps the old one'), DeletionPolicy).toBe(DeletionPolicy !== 'Delete');
    }
  });

  test('is refused for each that is lost and not named, and for no other', () => {
    const some = fc.subarray(pinned);
    fc.assert(
      fc.property(some, some, some, (removed, replaced, named) => {
        const changed = replaced.reduce(
          (template, id) => edited(template, id, (resource) => ({ ...resource, Type: 'AWS::SSM::Parameter' })),
          deployed,
        );
        const next = without(changed, ...removed);
        // With a bus its archive is replaced, which refers to it.
        const lost = new Set(planDeployment(deployed, next, target).lost.map(({ logicalId }) => logicalId));
        expect([...removed, ...replaced].filter((id) => !lost.has(id))).toEqual([]);
        const sentences = refusals(next, { replace: named });
        const expected = [
          ...pinned.filter((id) => lost.has(id) && !named.includes(id)).map((id) => `add --replace ${id}.`),
          ...named.filter((id) => !lost.has(id)).map((id) => `--replace ${id}: this is not replaced or removed`),
        ];
        expect(sentences).toHaveLength(expected.length);
        for (const text of expected)
          expect(
            sentences.some((sentence) => sentence.includes(text)),
            text,
          ).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

describe('A setting', () => {
  const settings = {
    ...target,
    paymentGateway: 'stripe',
    encryption: 'customer',
    smsPerDay: 10,
    consumers: { payment: { memory: 256 } },
  };
  const before = withSettings(deployed, settings);
  const change = (changed: object, given: Partial<Confirmations> = {}) =>
    refusals(withSettings(deployed, { ...settings, ...changed }), given, before);

  test('is shown with both values', () => {
    const next = withSettings(deployed, { ...settings, smsPerDay: 20, consumers: { payment: { memory: 512 } } });
    expect(planDeployment(before, next, target).settings).toEqual([
      { setting: 'smsPerDay', from: '10', to: '20' },
      { setting: 'consumers.payment.memory', from: '256', to: '512' },
    ]);
    expect(change({ smsPerDay: 20 })).toEqual([]);
  });

  test('that chooses the payment gateway changes only when it is named', () => {
    expect(change({ paymentGateway: 'sandbox' })).toEqual([
      expect.stringMatching(/^paymentGateway: stripe → sandbox: .*--change paymentGateway/),
    ]);
    expect(change({ paymentGateway: 'sandbox' }, { change: ['paymentGateway'] })).toEqual([]);
    expect(change({ paymentGateway: 'sandbox' }, { change: ['encryption'] })).toHaveLength(2);
  });

  test.each([
    { encryption: 'aws' },
    { keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab' },
  ])('that chooses the key changes only when encryption is named (%o)', (changed) => {
    const [name, value] = Object.entries(changed)[0] ?? [];
    expect(change(changed)).toEqual([
      expect.stringMatching(new RegExp(`^${name}: .* → ${value}: .*--change encryption`)),
    ]);
    expect(change(changed, { change: ['encryption'] })).toEqual([]);
  });

  test('that names the stage never changes', () => {
    const all = { change: ['stage'], replace: [] };
    expect(change({ stage: 'prod' }, all)).toEqual([expect.stringMatching(/^stage: dev → prod: /)]);
  });

  test('that does not change, or does not exist, is not confirmed', () => {
    for (const setting of ['smsPerDay', 'encrypton']) {
      expect(change({}, { change: [setting] })).toEqual([
        expect.stringContaining(`--change ${setting}: this setting does not change`),
      ]);
    }
    expect(change({ smsPerDay: 20 }, { change: ['smsPerDay'] })).toEqual([]);
  });
});

describe('A stack that was deployed before settings were recorded', () => {
  const old = (settings: Record<string, string>): Template => {
    const { Metadata: _, ...template } = templateOf(settings);
    return template;
  };
  const settingsOf = (plan: Plan) => plan.settings.map(({ setting, from, to }) => `${setting}: ${from} → ${to}`);
  const stripe = { paymentGateway: 'stripe', stripeSecret: 'shop/stripe' };

  test('tells its gateway', () => {
    const plan = planDeployment(old(stripe), old({}), target);
    expect(settingsOf(plan)).toEqual(['paymentGateway: stripe → sandbox']);
    expect(settingsOf(planDeployment(old({}), old(stripe), target))).toEqual(['paymentGateway: sandbox → stripe']);
    expect(refusalsOf(plan, NONE, pins)).toEqual([expect.stringContaining('--change paymentGateway')]);
  });

  test('tells its encryption, and loses its key only when it is named', () => {
    const plan = planDeployment(old({}), old({ encryption: 'aws' }), target);
    expect(settingsOf(plan)).toEqual(['encryption: customer → aws']);
    expect(refusalsOf(plan, { change: ['encryption'], replace: [] }, pins)).toEqual([
      expect.stringContaining('--replace Key961B73FD'),
    ]);
  });

  test('tells its stage', () => {
    const next = withSettings(old({}), { stage: 'dev', paymentGateway: 'sandbox', encryption: 'customer' });
    const bus = 'BusEA82B648';
    const prod = withProperty(old({}), bus, 'Name', 'ShopMessaging-prod');
    expect(settingsOf(planDeployment(prod, next, target))).toEqual(['stage: prod → dev']);
  });
});

describe('A protected stage', () => {
  const stripe = { stage: 'prod', paymentGateway: 'stripe', stripeSecret: 'shop/stripe' };
  const target = { stackName: 'ShopMessaging-prod', stage: 'prod' };
  const refused = (before: TestSettings, next: TestSettings) =>
    refusalsOf(planDeployment(templateOf(before), templateOf(next), target), NONE, pins);

  test('is deployed in its second pass without a question', () => {
    expect(refused({ ...stripe, firstDeployment: true }, stripe)).toEqual([]);
  });

  test('does not go from Stripe to the sandbox, which ships unpaid goods', () => {
    expect(refused(stripe, { stage: 'prod' })).toEqual([
      expect.stringMatching(/^paymentGateway: stripe → sandbox: .*--change paymentGateway/),
    ]);
  });

  test('does not lose its key, its topics or its archive by a setting', () => {
    const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const topic = 'arn:aws:sns:eu-west-1:111122223333:topic';
    const next = { ...stripe, keyArn, ordersTopicArn: topic, alarmTopicArn: topic, busArchive: false };
    expect(refused(stripe, next).map((sentence) => /--\w+ \w+\.$/.exec(sentence)?.[0])).toEqual(
      expect.arrayContaining([
        '--change encryption.',
        '--replace Key961B73FD.',
        '--replace OrdersA9B65338.',
        '--replace MonitoringAlarms66989066.',
        '--replace BusArchiveD76499E2.',
      ]),
    );
  });

  test('changes what loses nothing without a question', () => {
    expect(refused(stripe, { ...stripe, archiveDays: 60, tracing: false, batchWindowSeconds: 5 })).toEqual([]);
  });
});

test('The file of pinned resources names only resources of the template', () => {
  const files = ['logical-ids.json', 'custom/logical-ids.json'].map((file) =>
    readFileSync(join(import.meta.dirname, '..', '..', 'infra', file), 'utf8'),
  );
  expect(pinned.length).toBe(files.join('').match(/"loss":/g)?.length);
  expect(pinned.filter((id) => deployed.Resources[id] === undefined)).toEqual([]);
});
