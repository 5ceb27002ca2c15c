import { Template } from 'aws-cdk-lib/assertions';
import { synthesise, type TestSettings } from './template.ts';

/** Settings that between them deploy every construct in every form. */
export const variants: Readonly<Record<string, TestSettings>> = {
  dev: {},
  prod: { stage: 'prod' },
  stripe: { stage: 'prod', paymentGateway: 'stripe', stripeSecret: 'shop/stripe' },
  'own keys, batches': { encryption: 'aws', batchSize: 50, batchWindowSeconds: 5 },
  local: { stage: 'local' },
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
