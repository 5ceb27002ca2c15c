import { Template } from 'aws-cdk-lib/assertions';
import { synthesise, type TestSettings } from './template.ts';

/** Settings that between them deploy every construct in every form. */
export const variants: Readonly<Record<string, TestSettings>> = {
  dev: {},
  prod: { stage: 'prod' },
  stripe: { stage: 'prod', paymentGateway: 'stripe', stripeSecret: 'shop/stripe' },
  'own keys, batches, alarms for others': {
    encryption: 'aws',
    batchSize: 50,
    batchWindowSeconds: 5,
    alarmTargets: {
      pager: { severity: 'critical', webhookSecret: 'shop/pager' },
      wall: { severity: 'warning', webhook: 'https://wall.example.com/alarms' },
      night: { email: 'night@example.com' },
    },
    alarmNoOrdersMinutes: 30,
    alarmSmsSpend: 10,
  },
  local: { stage: 'local' },
};

/** Settings that name what exists already instead of making it, and leave out what can be left out. */
export const existing: TestSettings = {
  stage: 'prod',
  keyArn: 'arn:aws:kms:eu-west-1:111111111111:key/12345678-1234-1234-1234-123456789012',
  alarmTopicArn: 'arn:aws:sns:eu-west-1:111111111111:alarms',
  alarmTargets: { chat: { topicArn: 'arn:aws:sns:eu-west-1:111111111111:chat' } },
  ordersTopicArn: 'arn:aws:sns:eu-west-1:111111111111:orders',
  tracing: false,
  busArchive: false,
};

/** The parts of a template that its tests read. */
export type TemplateJson = {
  Resources: Record<string, TemplateResource>;
  Outputs: Record<string, { Value: unknown }>;
};
export type TemplateResource = {
  Type: string;
  Properties?: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
};

/** Returns the whole template that such settings deploy. */
export const templateOf = (settings: TestSettings = {}): TemplateJson =>
  Template.fromStack(synthesise(settings).stack).toJSON() as TemplateJson;

/** Lists every value in a part of a template that is no object, with the path to it. */
export function leavesOf(value: unknown, path: readonly string[] = []): { path: readonly string[]; leaf: unknown }[] {
  if (typeof value !== 'object' || value === null) return [{ path, leaf: value }];
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, [...path, key]));
}
