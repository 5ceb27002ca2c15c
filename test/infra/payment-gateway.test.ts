import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { actionsOf, synthesise, testSettings } from '../builders/template.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop/stripe-AbCdEf';

// biome-ignore lint/suspicious/noExplicitAny: a template is plain JSON
type Json = any;

function paymentWith(context: Record<string, string>) {
  const template = synthesise(context);
  const { function: fn, role } = template.consumer('payment');
  const statements: Json[] = role.properties.PolicyDocument.Statement;
  const asset = `asset.${fn.properties.Code.S3Key.replace('.zip', '')}`;
  return {
    template,
    environment: fn.properties.Environment.Variables,
    secrets: statements.filter((one) => actionsOf(one).some((action) => action.startsWith('secretsmanager:'))),
    code: () => readFileSync(join((template.stack.node.root as App).outdir, asset, 'index.js'), 'utf8'),
  };
}

describe('The payment gateway', () => {
  test('is the sandbox by default', () => {
    const { template, environment, secrets, code } = paymentWith({});
    expect(template.outputs).toContain('SandboxGatewayTableName');
    expect(environment).not.toHaveProperty('STRIPE_SECRET_ID');
    expect(secrets).toEqual([]);
    expect(code()).toContain('tok_declined');
    expect(code()).not.toContain('api.stripe.com');
  });

  test.each([
    ['by its name', 'shop/stripe', ':secret:shop/stripe-??????"'],
    ['by its ARN', ARN, `"${ARN}"`],
  ])('Stripe reads one secret %s and has no sandbox beside it', (_, stripeSecret, resource) => {
    const { template, environment, secrets, code } = paymentWith({
      stage: 'prod',
      paymentGateway: 'stripe',
      stripeSecret,
    });
    expect(template.outputs).not.toContain('SandboxGatewayTableName');
    expect(environment).toMatchObject({ STRIPE_SECRET_ID: stripeSecret, SHOP_NAME: 'ShopMessaging-prod' });
    expect(environment).not.toHaveProperty('SANDBOX_GATEWAY_TABLE_NAME');
    expect(secrets).toMatchObject([{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue' }]);
    expect(JSON.stringify(secrets[0].Resource)).toContain(resource);
    expect(code()).toContain('api.stripe.com');
    expect(code()).not.toContain('tok_declined');
  });

  test.each([
    [{ paymentGateway: 'stripe' }, '-c paymentGateway=stripe: needs stripeSecret'],
    [{ stripeSecret: 'shop/stripe' }, '-c stripeSecret=shop/stripe: needs paymentGateway=stripe'],
    [{ paymentGateway: 'paypal' }, '-c paymentGateway=paypal: must be one of sandbox, stripe'],
    [{ paymentGateway: 'stripe', stripeSecret: 'two words' }, "must be a secret's name or its whole ARN"],
    [{ paymentGateway: 'stripe', stripeSecret: ARN.slice(0, -7) }, "must be a secret's name or its whole ARN"],
  ])('settings are refused with a reason when they contradict each other: %j', (context, sentence) => {
    expect(() => testSettings(context)).toThrow(sentence);
  });
});

describe('The SMS settings', () => {
  test('have defaults, with a country and no daily limit in the local stage', () => {
    expect(testSettings({}).sms).toEqual({ perDay: 10, maxPrice: '0.50' });
    expect(testSettings({ stage: 'local' }).sms).toEqual({ defaultCountry: 'KR', perDay: 0, maxPrice: '0.50' });
  });

  test('reach the notification function, which gets UpdateItem only with a daily limit', () => {
    const context = {
      smsDefaultCountry: 'GB',
      smsSenderId: 'Shop-1',
      smsCountries: 'KR,+447',
      smsPerDay: '0',
      smsMaxPrice: '0.05',
      smsQuietHours: '21-8',
      smsShopName: 'Acme',
      smsHowToStop: '{"KR": {"en": "Call 080 123 4567 to stop.", "ko": "무료거부 0801234567"}}',
    };
    const { function: fn, role } = synthesise(context).consumer('notification');
    expect(JSON.parse(fn.properties.Environment.Variables.SMS_SETTINGS)).toEqual({
      defaultCountry: 'GB',
      senderId: 'Shop-1',
      countries: ['KR', '+447'],
      perDay: 0,
      maxPrice: '0.05',
      quietHours: { from: 21, to: 8 },
      shopName: { en: 'Acme', ko: 'Acme' },
      howToStop: { KR: { en: 'Call 080 123 4567 to stop.', ko: '무료거부 0801234567' } },
    });
    expect(JSON.stringify(role.properties)).not.toContain('UpdateItem');
    expect(JSON.stringify(synthesise().consumer('notification').role.properties)).toContain('dynamodb:UpdateItem');
  });

  test.each([
    ['smsSenderId', '12345', 'must be 1 to 11 letters, digits or -, with a letter among them'],
    ['smsSenderId', 'My Shop', 'must be 1 to 11 letters, digits or -, with a letter among them'],
    ...['82', '', 'gb', 'ZZ', 'GB,toString', '+082'].map((value) => [
      'smsCountries',
      value,
      'must be any, or countries and prefixes of numbers such as GB,+82,+447',
    ]),
    ...['', ' Acme', 'Acme ', 'a:b', 'a/b', 'A\nB', 'A'.repeat(31)].map((value) => [
      'smsShopName',
      value,
      'must be 1 to 30 characters without : and /',
    ]),
    ['smsPerDay', '-1', 'must be a whole number from 0 to 100'],
    ['smsMaxPrice', '$1', 'must be US dollars such as 0.50'],
    ['smsQuietHours', '21', 'must be hours from and to, such as 21-8, at most 12 of them'],
    ['smsQuietHours', '8-21', 'must be hours from and to, such as 21-8, at most 12 of them'],
    ['smsQuietHours', '8-8', 'must be hours from and to, such as 21-8, at most 12 of them'],
    ['smsQuietHours', '21-24', 'must be hours from and to, such as 21-8, at most 12 of them'],
  ])('are refused with a reason when they are invalid: -c %s=%s', (name, value, sentence) => {
    expect(() => testSettings({ [name]: value })).toThrow(`-c ${name}=${value}: ${sentence}`);
  });

  test.each([
    [{ smsShopName: '아크메' }, 'smsShopName=아크메: leaves the text order-placed no room in one segment'],
    [{ smsShopName: '{"en": "Acme"}' }, 'smsShopName.ko is missing'],
    [{ smsHowToStop: '{"UK": "STOP"}' }, 'must be the ISO 3166 code of a country'],
    [{ smsHowToStop: '{"US": ""}' }, 'must be 1 to 60 characters on one line'],
    [{ smsHowToStop: '{"FR": "Pour ne plus recevoir de SMS, répondez STOP."}' }, 'smsHowToStop.FR: leaves the text'],
    // The notice of the United States is there without a setting.
    [{ smsShopName: `{"en": "Acme", "ko": "${'가'.repeat(26)}"}` }, 'no room in one segment'],
  ])('are refused where they would be no text, or a second segment: %j', (context, sentence) => {
    expect(() => testSettings(context)).toThrow(sentence);
  });

  test('may name the shop in each language, and say nothing about stopping', () => {
    const { sms } = testSettings({ smsShopName: '{"en": "Acme", "ko": "아크메"}', smsHowToStop: '{}' });
    expect(sms).toMatchObject({ shopName: { en: 'Acme', ko: '아크메' }, howToStop: {} });
  });
});
