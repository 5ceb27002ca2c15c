import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stackNameProblem } from '../../infra/stack-name.ts';
import { synthesise, testSettings } from '../builders/template.ts';

describe('The name of a shop', () => {
  test.each(['ShopMessaging', 'shop', 'S', 'Second-Shop-2', 'pawshop', 'MyAWS', 'Glossmaker', 'x'.repeat(40)])(
    'may be %s',
    (shop) => {
      expect(stackNameProblem(shop)).toBeUndefined();
      expect(testSettings({ stackName: shop }).shop).toBe(shop);
    },
  );

  test.each([
    ['', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['2nd', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['Shop Messaging', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['shop_two', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['Läden', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['x'.repeat(41), 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['shop\n', 'must be a letter, then at most 39 letters, digits and hyphens'],
    ['shop-', 'must not end with a hyphen'],
    ['second--shop', 'must not end with a hyphen or have two in a row'],
    ['xn--shop', 'must not end with a hyphen or have two in a row'],
    // Systems Manager refuses the beginning, not the word: `awsTestParameter` is the example of its documentation.
    ...['aws-shop', 'AWS-Shop', 'Aws', 'awsome', 'ssm-shop', 'SSMShop', 'ssmith'].map((shop) => [
      shop,
      'must not begin with aws or ssm, small or capital',
    ]),
    ['sthree-shop', 'must not begin with sthree-'],
    ['Amzn-S3-Demo-Shop', 'must not begin with sthree- or amzn-s3-demo-'],
  ])('cannot be %j: it %s', (shop, problem) => {
    expect(stackNameProblem(shop)).toContain(problem);
    expect(() => testSettings({ stackName: shop })).toThrow(`stackName=${shop}: ${problem}`);
  });
});

/** What each service allows in a name that the template gives, by its documentation. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
  'AWS::Events::EventBus Name': /^(?!aws\.|default$)[.\-_A-Za-z0-9]{1,256}$/,
  // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
  'AWS::Events::Archive ArchiveName': /^[.\-_A-Za-z0-9]{1,48}$/,
  // https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
  'AWS::SNS::Topic TopicName': /^(?=.{1,256}$)[A-Za-z0-9_-]+(\.fifo)?$/,
  // https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html
  'AWS::XRay::ResourcePolicy PolicyName': /^[\w+=,.@-]{1,128}$/,
  // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
  'AWS::SSM::Parameter Name': /^(?=.{1,1011}$)(?!\/(aws|ssm))(\/[\w.-]+){1,15}$/i,
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
  'AWS::CloudWatch::Alarm AlarmName': /^[\x20-\x7e]{1,255}$/,
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
  'AWS::CloudWatch::Dashboard DashboardName': /^[\w-]{1,255}$/,
};
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
const NAMESPACE = /^(?!AWS\/)[\w./#:-]{1,255}$/;
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
const STACK = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

describe('Every name that the template gives', () => {
  test.each([
    { stackName: 'x'.repeat(40), stage: `s${'t'.repeat(19)}` },
    { stackName: 'Z', stage: 'a' },
  ])('is allowed by its service: %o', (settings) => {
    const { stack, resources } = synthesise(settings);
    expect(stack.stackName).toMatch(STACK);
    const checked = Object.entries(ALLOWED).flatMap(([name, allowed]) => {
      const [type = '', property = ''] = name.split(' ');
      return resources(type).flatMap(({ id, properties }) => {
        if (typeof properties[property] !== 'string') return [];
        expect(properties[property], id).toMatch(allowed);
        return [name];
      });
    });
    expect([...new Set(checked)].sort()).toEqual(Object.keys(ALLOWED).sort());
    for (const { properties } of resources('AWS::Lambda::Function')) {
      expect(properties.Environment.Variables.METRICS_NAMESPACE).toMatch(NAMESPACE);
    }
  });

  test('that begins with an allowed shop is no reserved name of Systems Manager or S3', () => {
    const names = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,39}$/);
    fc.assert(
      fc.property(names, (shop) => {
        fc.pre(stackNameProblem(shop) === undefined);
        expect(`/${shop}/prod/orders-topic-arn`).toMatch(ALLOWED['AWS::SSM::Parameter Name'] ?? /^$/);
        expect(`${shop}-prod-archivebucket`.toLowerCase()).not.toMatch(/^(xn--|sthree-|amzn-s3-demo-)/);
      }),
    );
  });
});
