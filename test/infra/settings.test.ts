import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { App } from 'aws-cdk-lib';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { loadSettings, readSettings, readStageFile, stageNames } from '../../infra/settings.ts';
import { settingsJsonSchema, settingsPage } from '../../infra/settings-page.ts';
import { consumerNames } from '../../infra/settings-schema.ts';
import { synthesise, testSettings } from '../builders/template.ts';

const root = join(import.meta.dirname, '..', '..');
const settings = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

const KEY = 'arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const folder = mkdtempSync(join(tmpdir(), 'shop-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Loads settings of stages whose files are these, as text or as an object. */
function load(files: Record<string, unknown>, stage: string, overrides: Record<string, unknown> = {}) {
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.json`), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return loadSettings(stage, overrides, folder);
}

describe('A stage', () => {
  test('is dev unless one is named', () => {
    expect(settings({})).toMatchObject({ stage: 'dev', stackName: 'ShopMessaging', isProtected: false });
  });

  test.each(['dev', 'local'])('%s has the stack ShopMessaging and is not protected', (stage) => {
    expect(settings({ stage })).toMatchObject({ stackName: 'ShopMessaging', name: `ShopMessaging-${stage}` });
    expect(settings({ stage }).isProtected).toBe(false);
  });

  test('with a file of any other name has a stack of its own and is protected', () => {
    expect(load({ staging: { paymentGateway: 'sandbox' } }, 'staging')).toMatchObject({
      stackName: 'ShopMessaging-staging',
      name: 'ShopMessaging-staging',
      isProtected: true,
    });
  });

  test.each(['production', '', '../package', 'settings.schema', 'Dev'])('without a file is refused: %s', (stage) => {
    expect(() => settings({ stage })).toThrow(
      `-c stage=${stage}: there is no settings/${stage}.json; there are the stages dev, local, prod`,
    );
  });

  test('prod is refused as shipped, with a sentence that says what to fill in', () => {
    expect(() => settings({ stage: 'prod' })).toThrow(
      'settings/prod.json: paymentGateway is missing: say who takes the money, for example "stripe"',
    );
  });
});

describe('The name of a shop', () => {
  const files = {
    prod: { paymentGateway: 'sandbox' },
    eu: { paymentGateway: 'sandbox' },
    'b-eu': { paymentGateway: 'sandbox' },
    dev: {},
  };

  test('replaces ShopMessaging and keeps the stage', () => {
    expect(load(files, 'prod', { stackName: 'Second' })).toMatchObject({
      shop: 'Second',
      stackName: 'Second-prod',
      name: 'Second-prod',
    });
    expect(load(files, 'dev', { stackName: 'Second' }).stackName).toBe('Second');
    expect(load({ dev: { stackName: 'Third' } }, 'dev').stackName).toBe('Third');
  });

  test.each([
    ['dev', 'ShopMessaging-prod'],
    ['dev', 'Any-eu'],
    ['eu', 'A-b'],
  ])('is refused where the stack of %s would be that of another stage: %s', (stage, stackName) => {
    expect(() => load(files, stage, { stackName })).toThrow(`stackName=${stackName}: the stack `);
  });
});

describe("A stage's file", () => {
  test.each([
    ['{', 'settings/dev.json: must be JSON: '],
    ['[]', 'settings/dev.json: must be a JSON object'],
    ['null', 'settings/dev.json: must be a JSON object'],
    [{ archiveDays: '7' }, 'settings/dev.json: archiveDays=7: must be a whole number from 1 to 3650'],
    [
      { recordDays: 149 },
      'settings/dev.json: recordDays=149: must be 0, or at least 150: archiveDays (30), and the 120 days that a replayed order can wait in queues',
    ],
    [
      { recordDays: 365, phoneDays: 400 },
      'settings/dev.json: recordDays=365: must be 0, or at least phoneDays (400): a phone ends no later than its record',
    ],
    [{ archivedays: 7 }, 'settings/dev.json: archivedays: there is no such setting; there are alarmEmail, '],
    [{ stage: 'prod' }, 'settings/dev.json: stage: there is no such setting'],
    [{ consumers: { paymnt: {} } }, 'settings/dev.json: consumers.paymnt: there is no such consumer; there are '],
    [
      { consumers: { payment: { memroy: 1 } } },
      'settings/dev.json: consumers.payment.memroy: there is no such setting',
    ],
    [
      { consumers: { payment: { memory: 64 } } },
      'settings/dev.json: consumers.payment.memory=64: must be a whole number from 128',
    ],
    [
      { consumers: { payment: { batchSize: 11 } } },
      'settings/dev.json: consumers.payment.batchSize=11: more than 10 needs a window',
    ],
    [
      { restoredTables: { payment: 'ShopMessaging-p' } },
      'settings/dev.json: restoredTables.payment: there is no such table; there are orders, payments, stock, reservations, ',
    ],
    [
      { restoredTables: { payments: 'arn:aws:dynamodb:eu-west-1:111111111111:table/p' } },
      "settings/dev.json: restoredTables.payments=arn:aws:dynamodb:eu-west-1:111111111111:table/p: must be a table's name",
    ],
    [
      { restoredTables: { payments: 'Other-payments' } },
      'settings/dev.json: restoredTables.payments=Other-payments: must begin with ShopMessaging-',
    ],
    [
      { restoredTables: { payments: 'ShopMessaging-p', orders: 'ShopMessaging-p' } },
      'settings/dev.json: restoredTables.orders=ShopMessaging-p: is also that of restoredTables.payments',
    ],
    [
      { restoredTables: { stock: 'ShopMessaging-s' } },
      'settings/dev.json: restoredTables={"stock":"ShopMessaging-s"}: stock and reservations are written together',
    ],
    [
      { restoredTables: { sandboxGateway: 'ShopMessaging-g' }, paymentGateway: 'stripe', stripeSecret: 'shop/stripe' },
      'settings/dev.json: restoredTables.sandboxGateway=ShopMessaging-g: needs paymentGateway=sandbox',
    ],
    [{ keyArn: KEY, encryption: 'aws' }, `settings/dev.json: keyArn=${KEY}: needs encryption=customer`],
  ])('is refused with the setting and its value: %j', (content, sentence) => {
    expect(() => load({ dev: content }, 'dev')).toThrow(sentence);
  });

  test('may begin with a byte-order mark, as some editors write it', () => {
    expect(load({ dev: '\uFEFF{"archiveDays": 7}' }, 'dev').archiveDays).toBe(7);
  });

  test.each(stageNames())('of %s is taken by its JSON Schema', (stage) => {
    const check = new Ajv({ strict: false }).compile(settingsJsonSchema());
    expect(readStageFile(stage).$schema).toBe('./settings.schema.json');
    expect(check(readStageFile(stage)), JSON.stringify(check.errors)).toBe(true);
    expect(check({ archiveDays: 0 })).toBe(false);
    expect(check({ consumers: { paymnt: {} } })).toBe(false);
  });
});

test('A setting of one consumer that is overridden is named with its value', () => {
  const overrides = { consumers: '{"payment": {"batchSize": 50}}' };
  expect(() => load({ dev: {} }, 'dev', overrides)).toThrow(
    '-c consumers.payment.batchSize=50: more than 10 needs a window',
  );
});

describe('Partners, endpoints and senders', () => {
  const events = ['shop.order.confirmed.v1'];
  const endpoint = { url: 'https://erp.example.com/hook', events, secret: 'shop/erp' };
  const sender = { scheme: 'stripe', secret: 'shop/stripe-webhook' };
  const webhooks = (erp: object, rest: object = {}) => ({ webhooks: { endpoints: { erp }, ...rest } });
  const intake = (acme: object) => ({ intake: { senders: { acme } } });
  const EVENT = 'must be an event of the bus';

  test.each<[Record<string, unknown>, string]>([
    [{ partners: { CRM: events } }, 'partners.CRM=CRM: must be a name of 1 to 20 small letters and digits'],
    [{ partners: { 'my-crm': events } }, 'partners.my-crm=my-crm: must be a name of 1 to 20 small letters and digits'],
    [{ partners: { ['a'.repeat(21)]: events } }, 'must be a name of 1 to 20 small letters and digits'],
    [{ partners: { payment: events } }, 'partners.payment=payment: must be another name: payment is a function of'],
    [{ partners: { webhooks: events } }, 'partners.webhooks=webhooks: must be another name'],
    [
      { partners: { crm: ['shop.order.placed.v1'] } },
      `partners.crm.0=shop.order.placed.v1: ${EVENT}; this one travels`,
    ],
    [
      { partners: { crm: ['lifecycle'] } },
      `partners.crm.0=lifecycle: ${EVENT}; every step of an order, in sequence, is`,
    ],
    [
      { partners: { crm: ['shop.order.progressed.v1'] } },
      `${EVENT}; every step of an order, in sequence, is "lifecycle"`,
    ],
    [
      { partners: { crm: [...events, 'shop.order.cofirmed.v1'] } },
      `partners.crm.1=shop.order.cofirmed.v1: ${EVENT}: shop`,
    ],
    [{ partners: { crm: [] } }, 'partners.crm=[]: must name at least one event'],
    [
      { partners: { crm: 'all' } },
      'partners.crm=all: must be a list of events of the bus, or "lifecycle", or an object',
    ],
    [{ partners: { crm: {} } }, 'partners.crm.events is missing: must be an object with events and account'],
    [{ partners: { crm: { events: [] } } }, 'partners.crm.events=[]: must name at least one event'],
    [
      { partners: { crm: { events: ['shop.order.placed.v1'] } } },
      `partners.crm.events.0=shop.order.placed.v1: ${EVENT};`,
    ],
    [
      { partners: { crm: { events, acount: '1' } } },
      'partners.crm.acount: there is no such setting; there are events and',
    ],
    [{ partners: { crm: { events, account: '1234' } } }, 'partners.crm.account=1234: must be an AWS account id of 12'],
    [
      { partners: { crm: { events, account: 111111111111 } } },
      'partners.crm.account=111111111111: must be an AWS account',
    ],
    [
      webhooks({ ...endpoint, url: 'http://erp.example.com' }),
      'webhooks.endpoints.erp.url=http://erp.example.com: must begin',
    ],
    [webhooks({ ...endpoint, url: 'erp' }), 'webhooks.endpoints.erp.url=erp: must be a URL'],
    [webhooks({ ...endpoint, url: 'https://a:b@erp.example.com' }), 'must not contain a user name or a password'],
    [webhooks({ ...endpoint, events: [] }), 'webhooks.endpoints.erp.events=[]: must name at least one event'],
    [
      webhooks({ ...endpoint, events: 'lifecycle' }),
      'webhooks.endpoints.erp.events=lifecycle: must be a list of events',
    ],
    [
      webhooks({ url: endpoint.url, events }),
      'webhooks.endpoints.erp.secret is missing: must be an object with url, events',
    ],
    [
      webhooks({ ...endpoint, timeout: 5 }),
      'webhooks.endpoints.erp.timeout: there is no such setting; there are url, events',
    ],
    [
      webhooks(endpoint, { allowPrivate: ['10.0.0.7'] }),
      'webhooks.allowPrivate.0=10.0.0.7: must be a host and a port such',
    ],
    [
      { webhooks: { endpoint: {} } },
      'webhooks.endpoint: there is no such setting; there are endpoints and allowPrivate',
    ],
    [
      intake({ ...sender, scheme: 'hmac' }),
      'intake.senders.acme.scheme=hmac: must be one of standard-webhooks, stripe,',
    ],
    [intake({ ...sender, perMinute: 0 }), 'intake.senders.acme.perMinute=0: must be a whole number from 1 to 100000'],
    [
      intake({ ...sender, perminute: 9 }),
      'intake.senders.acme.perminute: there is no such setting; there are scheme, sec',
    ],
    [intake({ scheme: 'stripe' }), 'intake.senders.acme.secret is missing: must be an object with scheme, secret and'],
  ])('are refused by the member that is wrong, in a file and with -c: %j', (content, sentence) => {
    expect(() => load({ dev: content }, 'dev')).toThrow(/^settings\/dev\.json: /);
    expect(() => load({ dev: content }, 'dev')).toThrow(sentence);
    const overrides = Object.fromEntries(Object.entries(content).map(([name, one]) => [name, JSON.stringify(one)]));
    expect(() => load({ dev: {} }, 'dev', overrides)).toThrow(/^-c /);
    expect(() => load({ dev: {} }, 'dev', overrides)).toThrow(sentence);
  });

  test('are read in each of their forms, in a file and with -c, and are taken by the JSON Schema', () => {
    const content = {
      partners: {
        crm: [...events, ...events],
        ledger: 'lifecycle',
        '2nd': { events: 'lifecycle', account: '111111111111' },
      },
      ...webhooks({ ...endpoint, url: 'http://10.0.0.7:8080/x' }, { allowPrivate: ['10.0.0.7:8080'] }),
      ...intake(sender),
    };
    const overrides = Object.fromEntries(Object.entries(content).map(([name, one]) => [name, JSON.stringify(one)]));
    for (const resolved of [load({ dev: content }, 'dev'), load({ dev: {} }, 'dev', overrides)])
      expect(resolved).toMatchObject({
        partners: { crm: { events }, ledger: { events: 'lifecycle' }, '2nd': content.partners['2nd'] },
        webhooks: content.webhooks,
        intake: { senders: { acme: { ...sender, perMinute: 60 } } },
      });
    const check = new Ajv({ strict: false }).compile(settingsJsonSchema());
    expect(check(content), JSON.stringify(check.errors)).toBe(true);
    expect(check({ partners: { crm: { events, acount: '1' } } })).toBe(false);
  });

  test('are none unless they are named', () => {
    expect(load({ dev: {} }, 'dev')).toMatchObject({
      partners: {},
      webhooks: { endpoints: {}, allowPrivate: [] },
      intake: { senders: {} },
    });
  });
});

describe('An override', () => {
  const files = { prod: { paymentGateway: 'sandbox', archiveDays: 90 }, dev: { archiveDays: 90 } };

  test('is taken outside of protected stages', () => {
    expect(load(files, 'dev').archiveDays).toBe(90);
    expect(load(files, 'dev', { archiveDays: '7' }).archiveDays).toBe(7);
  });

  test('is taken in a protected stage only where it is asked for', () => {
    expect(() => load(files, 'prod', { archiveDays: '7' })).toThrow(
      '-c archiveDays=7: the stage prod takes its settings from settings/prod.json; change it there, or add -c allowOverrides=true',
    );
    expect(load(files, 'prod', { archiveDays: '7', allowOverrides: 'true' }).archiveDays).toBe(7);
    expect(() => load(files, 'prod', { archiveDays: '7', allowOverrides: 'yes' })).toThrow(
      '-c allowOverrides=yes: must be',
    );
  });

  test.each(['dev', 'prod'])(
    'of gateway, encryption, key and restored tables is refused in every stage: %s',
    (stage) => {
      for (const [name, value] of Object.entries({
        paymentGateway: 'sandbox',
        encryption: 'aws',
        keyArn: KEY,
        restoredTables: '{}',
      })) {
        expect(() => load(files, stage, { [name]: value, allowOverrides: 'true' })).toThrow(
          `-c ${name}=${value}: stands in settings/${stage}.json only`,
        );
      }
    },
  );
});

test('The consumers with settings of their own are those of the routing', () => {
  expect([...consumerNames].sort()).toEqual(Object.keys(routing).sort());
});

test("A consumer's own settings reach its function and its mapping, and no other's", () => {
  const own = { concurrency: 50, memory: 1024, timeout: 60, batchSize: 100, window: 2 };
  const template = synthesise({ consumers: { payment: own }, batchWindowSeconds: 0 });
  const { function: fn, mapping, queue } = template.consumer('payment');
  expect(fn.properties).toMatchObject({ MemorySize: 1024, Timeout: 60 });
  expect(fn.properties.Environment.Variables.FUNCTION_TIMEOUT_SECONDS).toBe('60');
  expect(mapping.properties).toMatchObject({
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 2,
    ScalingConfig: { MaximumConcurrency: 50 },
  });
  expect(queue.properties.VisibilityTimeout).toBe(6 * 60 + 2);
  const stock = template.consumer('stock');
  expect(stock.function.properties).toMatchObject({ MemorySize: 512, Timeout: 30 });
  // Left out, a window that was set before would stay.
  expect(stock.mapping.properties).toMatchObject({ BatchSize: 10, MaximumBatchingWindowInSeconds: 0 });
  expect(template.consumer('shipping').mapping.properties).not.toHaveProperty('MaximumBatchingWindowInSeconds');
});

test('Tracing is switched off everywhere', () => {
  const { resources } = synthesise({ tracing: false });
  expect(resources('AWS::XRay::ResourcePolicy')).toEqual([]);
  for (const { properties } of resources('AWS::SNS::Topic')) expect(properties.TracingConfig).not.toBe('Active');
  for (const { id, properties } of resources('AWS::Lambda::Function'))
    expect(properties.TracingConfig, id).toEqual({ Mode: 'PassThrough' });
});

describe('An existing resource', () => {
  const TOPIC = 'arn:aws:sns:eu-west-1:111111111111:legacy-orders';

  test('that is the orders topic is subscribed to and not made', () => {
    const template = synthesise({ ordersTopicArn: TOPIC });
    expect(template.resources('AWS::SNS::Topic').map(({ id }) => id)).not.toContain('OrdersA9B65338');
    expect(template.outputValue('OrdersTopicArn')).toBe(TOPIC);
    for (const name of ['order', 'payment', 'stock', 'notification']) {
      expect(template.consumer(name).subscriptions.map(({ properties }) => properties.TopicArn)).toContain(TOPIC);
    }
    const [key] = template.resources('AWS::KMS::Key');
    expect(JSON.stringify(key?.properties)).toContain(TOPIC);
  });

  test('that is the alarm topic gets every alarm that tells', () => {
    const template = synthesise({ alarmTopicArn: TOPIC });
    const types = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'];
    const actions = types.flatMap((type) => template.resources(type)).map(({ properties }) => properties.AlarmActions);
    // What another alarm tells of notifies nobody itself.
    const notified = actions.filter((given) => given !== undefined);
    expect(notified.length).toBeGreaterThan(3);
    for (const given of notified) expect(given).toEqual([TOPIC]);
    expect(template.outputValue('AlarmTopicArn')).toBe(TOPIC);
  });

  test('that is the key encrypts everything', () => {
    const template = synthesise({ keyArn: KEY });
    expect(template.resources('AWS::KMS::Key')).toEqual([]);
    const { queue, role } = template.consumer('payment');
    expect(queue.properties.KmsMasterKeyId).toBe(KEY);
    expect(JSON.stringify(role.properties)).toContain(KEY);
    for (const { id, properties } of template.resources('AWS::DynamoDB::Table'))
      expect(properties.SSESpecification.KMSMasterKeyId, id).toBe(KEY);
  });

  test.each([
    ['keyArn', 'alias/shop'],
    ['ordersTopicArn', `${TOPIC}.fifo`],
    ['alarmTopicArn', 'legacy'],
  ])('is refused where it is none: %s=%s', (name, value) => {
    expect(() => testSettings({ [name]: value })).toThrow(`-c ${name}=${value}: must be a `);
  });
});

test('The docs have every setting, and the JSON Schema is beside the files', async () => {
  await expect(settingsPage()).toMatchFileSnapshot(join(root, 'docs', 'settings.md'));
  expect(settingsPage()).not.toContain('undefined');
  const schema = `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`;
  await expect(schema).toMatchFileSnapshot(join(root, 'settings', 'settings.schema.json'));
});

describe('Settings', () => {
  test('have defaults', () => {
    expect(settings({})).toMatchObject({
      stackName: 'ShopMessaging',
      stage: 'dev',
      encryption: 'customer',
      textWhenPlaced: false,
      textWhenShipped: false,
      textWhenRefunded: true,
      archiveDays: 30,
      consumerConcurrency: 10,
      batchSize: 10,
      batchWindowSeconds: 0,
      orderDeadlineHours: 48,
      reminderHours: 0,
      logDays: 30,
      publisherAccounts: [],
    });
    expect(settings({})).not.toHaveProperty('alarmEmail');
  });

  test('are read as strings from -c', () => {
    expect(
      settings({
        stackName: 'ShopMessaging-2',
        textWhenPlaced: 'true',
        textWhenShipped: 'true',
        textWhenRefunded: 'false',
        archiveDays: '7',
        consumerConcurrency: '50',
        batchSize: '100',
        batchWindowSeconds: '1',
        orderDeadlineHours: '72',
        reminderHours: '71',
        logDays: '90',
        publisherAccounts: '111111111111, 022222222222,111111111111',
      }),
    ).toMatchObject({
      stackName: 'ShopMessaging-2',
      textWhenPlaced: true,
      textWhenShipped: true,
      textWhenRefunded: false,
      archiveDays: 7,
      consumerConcurrency: 50,
      batchSize: 100,
      batchWindowSeconds: 1,
      orderDeadlineHours: 72,
      reminderHours: 71,
      logDays: 90,
      publisherAccounts: ['111111111111', '022222222222'],
    });
  });

  test.each([
    ['stackName', '', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['stackName', 'Shop Messaging', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['stackName', '2', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['textWhenPlaced', 'yes', 'must be true or false'],
    ['textWhenShipped', 'yes', 'must be true or false'],
    ['textWhenRefunded', 'yes', 'must be true or false'],
    ['archiveDays', '0', 'must be a whole number from 1 to 3650'],
    ['archiveDays', '1.5', 'must be a whole number from 1 to 3650'],
    ['archiveDays', 'a month', 'must be a whole number from 1 to 3650'],
    ['archiveDays', '', 'must be a whole number from 1 to 3650'],
    ['consumerConcurrency', '1', 'must be a whole number from 2 to 1000'],
    ['consumerConcurrency', '1001', 'must be a whole number from 2 to 1000'],
    ['batchSize', '0', 'must be a whole number from 1 to 100'],
    ['batchSize', '11', 'more than 10 needs batchWindowSeconds=1 or more'],
    ['batchWindowSeconds', '61', 'must be a whole number from 0 to 60'],
    // Consumers retry through an outage of a day, in which an order must not time out.
    ['orderDeadlineHours', '24', 'must be a whole number from 25 to 336'],
    ['orderDeadlineHours', '337', 'must be a whole number from 25 to 336'],
    ['orderDeadlineHours', 'never', 'must be a whole number from 25 to 336'],
    // A reminder after the deadline would be too late.
    ['reminderHours', '48', 'must be a whole number from 0 to 47'],
    ['reminderHours', '-1', 'must be a whole number from 0 to 335'],
    ['publisherAccounts', '', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '12345678901', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '111111111111,', 'must be AWS account ids of 12 digits, separated by commas'],
    ['publisherAccounts', '*', 'must be AWS account ids of 12 digits, separated by commas'],
    ['alarmEmail', '', 'must be one e-mail address such as operators@example.com'],
    ['alarmEmail', 'operators', 'must be one e-mail address such as operators@example.com'],
    ['alarmEmail', 'a@example.com,b@example.com', 'must be one e-mail address such as operators@example.com'],
    ...['kr', 'KOR', 'Korea', 'ZZ', '+82', '', 'toString'].map((value) => [
      'smsDefaultCountry',
      value,
      'must be the ISO 3166 code of a country, two capital letters such as KR',
    ]),
    ['parkedDays', '13', 'must be a whole number from 14 to 90'],
    ['parkedDays', '91', 'must be a whole number from 14 to 90'],
    ['logDays', '31', 'must be one of 1, 7, 14, 30, 90, 180, 365'],
  ])('are refused with a reason when they are invalid: -c %s=%s', (name, value, sentence) => {
    expect(() => settings({ [name]: value })).toThrow(`-c ${name}=${value}: ${sentence}`);
  });
});

test('A default country is taken in every stage, and reaches the settings of texts', () => {
  expect(settings({ smsDefaultCountry: 'JP' }).sms.defaultCountry).toBe('JP');
  expect(settings({ smsDefaultCountry: 'GB', stage: 'local' }).sms.defaultCountry).toBe('GB');
});

describe('An unknown setting', () => {
  test.each(['Stage', 'archivedays', 'logDay', 'log_days'])('is refused: -c %s', (name) => {
    expect(() => settings({ [name]: '7' })).toThrow(`-c ${name}: there is no such setting; there are alarmEmail, `);
  });

  test('does not include the context of ~/.cdk.json, which CDK adds to that of every app', () => {
    writeFileSync(join(folder, '.cdk.json'), JSON.stringify({ context: { team: 'x', owner: { name: 'me' } } }));
    vi.stubEnv('HOME', folder);
    try {
      expect(settings({ team: 'x', owner: { name: 'me' }, stage: 'dev' })).toEqual(settings({}));
      expect(() => settings({ team: 'y' })).toThrow('-c team: there is no such setting');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("does not include CDK's own context keys", () => {
    const ofCdk = {
      '@aws-cdk/core:flag': true,
      'aws:cdk:toolkit': 'x',
      'availability-zones:account=1:region=eu-west-1': [],
    };
    expect(() => settings(ofCdk)).not.toThrow();
  });
});

describe('The stage prod', () => {
  const { stack, resources } = synthesise({
    stage: 'prod',
    consumerConcurrency: '50',
    archiveDays: '7',
    textWhenPlaced: 'true',
    textWhenShipped: 'true',
    textWhenRefunded: 'false',
    orderDeadlineHours: '72',
    reminderHours: '6',
  });

  test('has termination protection and retains tables, queues and logs', () => {
    expect(stack.terminationProtection).toBe(true);
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
      for (const { id, deletionPolicy } of resources(type)) expect(deletionPolicy, id).toBe('RetainExceptOnCreate');
    }
  });

  test('has tables with deletion protection and point-in-time recovery', () => {
    for (const { id, properties } of resources('AWS::DynamoDB::Table')) {
      expect(properties.DeletionProtectionEnabled, id).toBe(true);
      expect(properties.PointInTimeRecoverySpecification, id).toEqual({ PointInTimeRecoveryEnabled: true });
    }
  });

  test('applies its settings to the template', () => {
    for (const { properties } of resources('AWS::Lambda::EventSourceMapping')) {
      expect(properties.ScalingConfig).toEqual({ MaximumConcurrency: 50 });
    }
    expect(resources('AWS::Events::Archive')[0]?.properties.RetentionDays).toBe(7);
    const variables = resources('AWS::Lambda::Function').map(({ properties }) => properties.Environment.Variables);
    expect(variables.filter(({ TEXT_WHEN_PLACED }) => TEXT_WHEN_PLACED === 'true')).toHaveLength(1);
    expect(variables.filter(({ TEXT_WHEN_SHIPPED }) => TEXT_WHEN_SHIPPED === 'true')).toHaveLength(1);
    expect(variables.filter(({ TEXT_WHEN_REFUNDED }) => TEXT_WHEN_REFUNDED === 'false')).toHaveLength(1);
    expect(variables.filter(({ ORDER_DEADLINE_SECONDS }) => ORDER_DEADLINE_SECONDS === '259200')).toHaveLength(1);
    expect(variables.filter(({ REMINDER_SECONDS }) => REMINDER_SECONDS === '21600')).toHaveLength(1);
  });
});

describe('Any other stage', () => {
  const { stack, resources } = synthesise();

  test('can be destroyed completely', () => {
    expect(stack.terminationProtection).toBeFalsy();
    for (const { properties } of resources('AWS::DynamoDB::Table')) {
      expect(properties.DeletionProtectionEnabled).toBeFalsy();
    }
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
      for (const { id, deletionPolicy } of resources(type)) expect(deletionPolicy, id).toBe('Delete');
    }
  });
});
