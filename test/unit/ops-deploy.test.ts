import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { nameAlarms } from '../../ops/deploy/alarms.ts';
import { readAssembly } from '../../ops/deploy/assembly.ts';
import { isDeployed } from '../../ops/deploy/deployed.ts';
import { formatPlan, formatRefusals } from '../../ops/deploy/format.ts';
import { chooseInput } from '../../ops/deploy/input.ts';
import { type Plan, planDeployment } from '../../ops/deploy/plan.ts';
import { takesTwoPasses } from '../../ops/deploy/prepare.ts';
import { refusalsOf, refuseOccupiedQueues } from '../../ops/deploy/refusals.ts';
import { parseTemplate, type Template } from '../../ops/deploy/template.ts';
import { describeTarget } from '../../ops/where.ts';
import { standInForAws } from '../harness/aws-stand-in.ts';

const target = { stackName: 'ShopMessaging-prod', stage: 'prod' };
const queue = { Type: 'AWS::SQS::Queue' };
const template = (Resources: Template['Resources'], Settings: object = {}): Template => ({
  Metadata: { Settings },
  Resources,
});
const plan = (parts: Partial<Plan> = {}): Plan => ({
  ...target,
  first: false,
  settings: [],
  added: 0,
  changed: 0,
  lost: [],
  ...parts,
});

describe('Which stack is deployed', () => {
  const choice = { local: true, env: {} };

  test('is that of the stage', () => {
    expect(chooseInput({ stage: 'dev', ...choice })).toEqual({ stage: 'dev', context: {}, stackName: 'ShopMessaging' });
    expect(chooseInput({ stage: 'local', ...choice }).stackName).toBe('ShopMessaging');
  });

  test('is another shop with --stack-name, or with SHOP_STACK_NAME as the commands take it', () => {
    const second = { stage: 'dev', context: { stackName: 'Second' }, stackName: 'Second' };
    expect(chooseInput({ stage: 'dev', shop: 'Second', ...choice })).toEqual(second);
    expect(chooseInput({ stage: 'dev', local: true, env: { SHOP_STACK_NAME: 'Second' } })).toEqual(second);
    expect(chooseInput({ stage: 'dev', local: true, env: { SHOP_STACK_NAME: 'ShopMessaging' } }).context).toEqual({});
  });

  test('is never the stage local on AWS', () => {
    expect(() => chooseInput({ stage: 'local', local: false, env: {} })).toThrow(
      'set AWS_ENDPOINT_URL, or use `npm start`',
    );
    expect(() => chooseInput({ stage: 'local', app: 'cdk.out', local: false, env: {} })).toThrow('AWS_ENDPOINT_URL');
  });

  test('is refused in a sentence where the settings are wrong', () => {
    expect(() => chooseInput({ stage: 'nosuch', ...choice })).toThrow('there is no settings/nosuch.json');
    expect(() => chooseInput({ stage: 'dev', shop: 'no good', ...choice })).toThrow('stackName=no good');
    expect(() => chooseInput({ stage: 'dev', shop: 'Second', app: 'cdk.out', ...choice })).toThrow(
      '--stack-name Second',
    );
  });

  test('is what the assembly of --app says', () => {
    expect(chooseInput({ stage: 'nosuch', app: 'cdk.out', ...choice })).toEqual({
      stage: 'nosuch',
      context: {},
      stackName: undefined,
    });
  });
});

describe('A stack', () => {
  test.each<StackStatus>(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'])(
    'is deployed as %s',
    (StackStatus) => {
      expect(isDeployed('Shop', { StackStatus })).toBe(true);
    },
  );

  test.each<StackStatus>(['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'REVIEW_IN_PROGRESS'])(
    'was never deployed as %s',
    (StackStatus) => {
      expect(isDeployed('Shop', { StackStatus })).toBe(false);
    },
  );

  test('that a failed creation left behind and that is protected has a page', () => {
    const left = { StackStatus: 'ROLLBACK_COMPLETE', EnableTerminationProtection: true } as const;
    expect(() => isDeployed('Shop', left)).toThrow('docs/runbook/failed-first-deployment.md');
  });

  test.each<StackStatus>(['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_FAILED', 'DELETE_FAILED', 'CREATE_FAILED'])(
    'is left alone as %s',
    (StackStatus) => {
      expect(() => isDeployed('Shop', { StackStatus })).toThrow(`The stack Shop is ${StackStatus}: `);
    },
  );
});

test('The first deployment of a protected stage takes two passes, and no later one', () => {
  const takes = (first: boolean, isProtected: boolean) => {
    const assembly = { folder: 'cdk.out', stackName: target.stackName, template: template({}, { isProtected }) };
    return takesTwoPasses({ plan: plan({ first }), assembly });
  };
  expect(takes(true, true)).toBe(true);
  expect(takes(false, true)).toBe(false);
  expect(takes(true, false)).toBe(false);
});

describe('A change of the encryption', () => {
  const changed = plan({ settings: [{ setting: 'encryption', from: 'customer', to: 'aws' }] });

  test('is refused while a queue holds a message, waiting, in flight or delayed', () => {
    const depth = { waiting: 0, inFlight: 0, delayed: 0 };
    const queues = [
      { logicalId: 'Order1', queue: 'Order', ...depth, waiting: 3 },
      { logicalId: 'Stock1', queue: 'Stock', ...depth, inFlight: 2 },
      { logicalId: 'Payment1', queue: 'Payment', ...depth, delayed: 1 },
    ];
    const [sentence] = refuseOccupiedQueues(changed, queues);
    expect(sentence).toMatch(
      /^encryption: customer → aws: .*Order 3 waiting.*Stock .* 2 in flight.*Payment .* 1 delayed/,
    );
    expect(sentence).toMatch(/Pause publishing.*redrive or discard/);
    expect(refuseOccupiedQueues(changed, [])).toEqual([]);
  });

  test('says in the plan that every queue must be empty', () => {
    expect(formatPlan(changed, 'AWS')).toContain('only while no queue holds a message');
    expect(formatPlan(plan(), 'AWS')).not.toContain('queue');
  });
});

describe('A partner that is taken away', () => {
  const fifo = { ...queue, Properties: { FifoQueue: true } };
  const shop = (partners: object, resources: Template['Resources'] = { CrmQueue1: queue, CrmLetters1: queue }) => ({
    ...template({ ...resources, OrderQueue1: queue }, { partners }),
    Outputs: {
      PartnerCrmQueueUrl: { Value: { Ref: 'CrmQueue1' } },
      PartnerCrmDeadLetterQueueUrl: { Value: { Ref: 'CrmLetters1' } },
      OrderQueueUrl: { Value: { Ref: 'OrderQueue1' } },
    },
  });
  const before = shop({ crm: { events: ['shop.order.confirmed.v1', 'shop.order.cancelled.v1'] } });
  const without = template({ OrderQueue1: queue }, { partners: {} });
  const pins = { losses: { OrderQueue1: 'orders that wait' }, types: [queue.Type] };
  const confirmed = { change: [], replace: ['CrmQueue1', 'CrmLetters1'] };
  const holding = (logicalId: string) => [
    { logicalId, queue: 'Shop-CrmQueue1-XYZ', waiting: 0, inFlight: 0, delayed: 0 },
  ];

  test.each([
    ['goes', without],
    ['changes to the feed', shop({ crm: { events: 'lifecycle' } }, { CrmQueue1: fifo, CrmLetters1: fifo })],
  ])('is refused while one of its queues holds a message, whatever was confirmed, where it %s', (_, next) => {
    const taken = planDeployment(before, next, target);
    for (const given of [confirmed, { change: [], replace: [] }]) expect(refusalsOf(taken, given, pins)).toEqual([]);
    for (const logicalId of ['CrmQueue1', 'CrmLetters1'])
      expect(refuseOccupiedQueues(taken, holding(logicalId))).toEqual([
        expect.stringMatching(
          /^partners\.crm: .*Shop-CrmQueue1-XYZ 0 waiting, .*ops -- dlq discard --consumer crm`; then deploy again/,
        ),
      ]);
    expect(refuseOccupiedQueues(taken, [])).toEqual([]);
    expect(refuseOccupiedQueues(taken, holding('OrderQueue1'))).toEqual([]);
  });

  test('is no excuse for the queue of a consumer, which is pinned', () => {
    const next = template({ CrmQueue1: queue, CrmLetters1: queue }, { partners: { crm: {} } });
    expect(refusalsOf(planDeployment(before, next, target), { change: [], replace: [] }, pins)).toEqual([
      expect.stringContaining('orders that wait'),
    ]);
  });

  test('is said in the plan, as is one that is added or gets other events', () => {
    const planned = (next: Template) =>
      formatPlan(planDeployment(before, next, target), 'AWS')
        .split('\n')
        .slice(1);
    expect(planned(without)).toEqual([
      '  partners.crm.events: shop.order.confirmed.v1, shop.order.cancelled.v1 → not set',
      '  resources: 2 removed',
      '  removed: AWS::SQS::Queue: CrmQueue1, CrmLetters1',
      '  The queues of partner crm go: it is deployed only while they hold no message.',
    ]);
    const partners = {
      crm: { events: ['shop.order.confirmed.v1'], account: '111111111111' },
      ledger: { events: 'lifecycle' },
    };
    expect(planned(shop(partners))).toEqual([
      '  partners.crm.events: shop.order.confirmed.v1, shop.order.cancelled.v1 → shop.order.confirmed.v1',
      '  partners.crm.account: not set → 111111111111',
      '  partners.ledger.events: not set → lifecycle',
      '  no resource changes',
    ]);
  });
});

describe('What a deployment changes', () => {
  test('is said in a few lines, with the ids of what is lost', () => {
    const alarms = Object.fromEntries(
      [...'ABCDEFGHIJKL'].map((id) => [
        `Alarm${id}`,
        { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'a' } },
      ]),
    );
    const renamed = Object.fromEntries(
      Object.entries(alarms).map(([id, one]) => [id, { ...one, Properties: { AlarmName: 'b' } }]),
    );
    const before = template({ ...alarms, Old: queue, Same: queue }, { smsPerDay: 10 });
    const next = template({ ...renamed, New: queue, Same: queue }, { smsPerDay: 5 });
    expect(formatPlan(planDeployment(before, next, target), 'AWS').split('\n')).toEqual([
      'ShopMessaging-prod, stage prod, at AWS:',
      '  smsPerDay: 10 → 5',
      '  resources: 1 added, 12 replaced, 1 removed',
      '  removed: AWS::SQS::Queue: Old',
      expect.stringMatching(/^ {2}replaced: AWS::CloudWatch::Alarm \(AlarmName\): AlarmA, .* and 4 more$/),
    ]);
  });

  test('says once what all consumers take from one setting', () => {
    const settings = (all: number, payment: number) => ({
      consumerConcurrency: all,
      consumers: { order: { concurrency: all }, payment: { concurrency: payment } },
    });
    const changes = planDeployment(template({}, settings(10, 10)), template({}, settings(20, 30)), target).settings;
    expect(changes.map(({ setting }) => setting)).toEqual(['consumerConcurrency', 'consumers.payment.concurrency']);
  });

  test('cannot give orders to a terminal, or add lines to a log', () => {
    const before = template({}, { alarmEmail: 'a' });
    const text = formatPlan(
      planDeployment(before, template({}, { alarmEmail: '\u001b[2J\n::warning::' }), target),
      'AWS',
    );
    for (const shown of [text, formatRefusals(['\u001b[2J\n::warning::'])]) {
      expect(shown).not.toContain('\u001b');
      expect(shown).not.toContain('\n::');
    }
  });
});

describe('An alarm is watched', () => {
  const alarm = (AlarmName: string) =>
    template({ Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName } } });

  test.each([
    ['under its name', alarm('Shop-prod-a'), alarm('Shop-prod-a'), undefined],
    [
      'not while it is renamed',
      alarm('Shop-prod-a'),
      alarm('Shop-prod-b'),
      'this deployment renames it to Shop-prod-b',
    ],
    ['not while it is removed', alarm('Shop-prod-a'), template({}), 'this deployment removes it'],
    ['not before it is deployed', template({}), alarm('Shop-prod-a'), 'it is not deployed yet'],
  ])('%s', (_, deployed, next, problem) => {
    expect(nameAlarms({ deployed, next }, ['Alarm'])[0]?.problem).toBe(problem);
  });
});

describe('An assembly', () => {
  const stack = { type: 'aws:cloudformation:stack', properties: { templateFile: 'Shop.template.json' } };

  function assembly(artifacts: object, text = '{"Resources":{}}'): string {
    const folder = mkdtempSync(join(tmpdir(), 'assembly-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ artifacts }));
    writeFileSync(join(folder, 'Shop.template.json'), text);
    return folder;
  }

  test('is read with its one stack', async () => {
    const folder = assembly({ 'Shop.assets': { type: 'cdk:asset-manifest' }, Shop: stack });
    expect(await readAssembly(folder)).toEqual({ folder, stackName: 'Shop', template: { Resources: {} } });
  });

  test('does not name a file outside of its folder', async () => {
    const folder = assembly({ Shop: stack });
    const properties = { templateFile: '../Shop.template.json' };
    const inner = join(folder, 'inner');
    writeFileSync(join(inner, 'manifest.json'), JSON.stringify({ artifacts: { Shop: { ...stack, properties } } }));
    await expect(readAssembly(inner)).rejects.toThrow('cannot be read');
  });

  test('is refused in a sentence where it is none', async () => {
    await expect(readAssembly('/nosuch')).rejects.toThrow('an assembly is a folder that');
    await expect(readAssembly(assembly({}))).rejects.toThrow('holds 0 stacks');
    await expect(readAssembly(assembly({ Shop: stack, Other: stack }))).rejects.toThrow('holds 2 stacks');
    await expect(readAssembly(assembly({ Shop: stack }, 'Resources:'))).rejects.toThrow(
      'no CloudFormation template in JSON',
    );
    expect(() => parseTemplate('{}', 'It')).toThrow('It is no CloudFormation template');
  });
});

describe('The account of a deployment', () => {
  const credentials = { accessKeyId: 'AKIAREAL', secretAccessKey: 'real' };
  const aws = { local: false, where: 'AWS', config: { region: 'eu-west-1', credentials } };
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('is that of the stack', async () => {
    const { requests } = standInForAws();
    const StackId = 'arn:aws:cloudformation:eu-west-1:111122223333:stack/ShopMessaging-prod/1';
    expect(await describeTarget(aws, { StackId })).toBe('AWS account 111122223333, eu-west-1');
    expect(requests).toEqual([]);
  });

  test('is that of the default bus where there is no stack yet', async () => {
    standInForAws({ DescribeEventBus: { Arn: 'arn:aws:events:eu-west-1:111122223333:event-bus/default' } });
    expect(await describeTarget(aws, undefined)).toBe('AWS account 111122223333, eu-west-1');
  });

  test('is that of the credentials where neither can be read', async () => {
    standInForAws();
    expect(await describeTarget(aws, undefined)).toBe('AWS account of your credentials, eu-west-1');
  });
});
