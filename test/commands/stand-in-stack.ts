import { resolveTemplate } from '../builders/resolved-template.ts';
import { type TemplateJson, type TemplateResource, templateOf } from '../builders/variants.ts';
import { outputs, SETTINGS } from './stand-in.ts';

// A template is JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** What it is deployed as: in a stage that adds nothing to the names of the bus and the alarms, so that no pattern allows them by chance. */
export const STACK = 'ShopMessaging-prod';
const AT = { region: 'us-east-1', account: '000000000000' };

/** Writes an ARN of the stand-in's account. */
export const arnOf = (service: string, rest: string): string =>
  service === 's3' ? `arn:aws:s3:::${rest}` : `arn:aws:${service}:${AT.region}:${AT.account}:${rest}`;

export const lastPart = (name: string): string => name.split(/[:/]/).at(-1) ?? '';

/**
 * The template that the stand-in's stack is deployed from, with somebody whom alarms are mailed to. The stand-in has short names for what its
 * outputs tell; policies mean the names that a deployment has.
 */
export class StandInStack {
  private readonly template: TemplateJson = templateOf({ ...SETTINGS, stage: 'prod', alarmEmail: 'ana@example.com' });
  /** The stand-in's names by logical id, and the other way round. */
  private readonly shortNames = new Map<string, string>();
  private readonly ids = new Map<string, string>();

  constructor() {
    for (const [output, value] of Object.entries(outputs)) {
      const declared: Json = this.template.Outputs[output]?.Value;
      if (declared === undefined) throw new Error(`The stand-in has an output that no stack has: ${output}`);
      if (declared.Ref === undefined) continue;
      if (this.ids.has(lastPart(value))) throw new Error(`The stand-in has two things of one name: ${value}`);
      this.shortNames.set(declared.Ref, lastPart(value));
      this.ids.set(lastPart(value), declared.Ref);
    }
  }

  /** Lists the resources of a type as the stand-in has them. */
  ofType(type: string): { id: string; name: string; properties: Json }[] {
    const nameOf = (id: string) => this.shortNames.get(id) ?? this.deployedName(id);
    return Object.entries(this.template.Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties }]) => ({
        id,
        name: nameOf(id),
        properties: resolveTemplate(this.template, Properties, { stackName: STACK, nameOf, at: AT }),
      }));
  }

  /** Returns the statements of a policy of operators as AWS gets them. */
  statements(kind: 'Read' | 'Repair'): Json[] {
    const [policy] =
      Object.entries(this.template.Resources).find(([id]) => id.startsWith(`Operator${kind}Policy`)) ?? [];
    return this.deployed(this.template.Resources[policy ?? '']?.Properties?.PolicyDocument).Statement;
  }

  /** Returns the name that the deployment gives what the stand-in calls so, and the resource itself if its outputs tell it. */
  find(name: string): { name: string; resource: TemplateResource | undefined } {
    const id = this.ids.get(name);
    if (id === undefined) return { name, resource: undefined };
    const resource = this.deployed(this.template.Resources[id]);
    return { name: this.deployedName(id), resource };
  }

  /** Returns the key that encrypts what is in a resource; `undefined` where it is none of the stack's. */
  keyOf(arn: string): string | undefined {
    const parts = arn.split(/[:/]/);
    const all = Object.entries(this.template.Resources);
    const [key = ''] = all.find(([, { Type }]) => Type === 'AWS::KMS::Key') ?? [];
    const [, resource] = all.find(([id]) => parts.includes(this.deployedName(id))) ?? [];
    const isEncrypted = JSON.stringify(resource?.Properties ?? {}).includes(`"${key}"`);
    return isEncrypted ? arnOf('kms', `key/${this.deployedName(key)}`) : undefined;
  }

  private deployed(part: unknown): Json {
    return resolveTemplate(this.template, part, { stackName: STACK, nameOf: (id) => this.deployedName(id), at: AT });
  }

  /** A few resources have names in the template; CloudFormation gives all others theirs. */
  private deployedName(id: string): string {
    const { Name, TopicName, FunctionName, QueueName, LogGroupName } = this.template.Resources[id]?.Properties ?? {};
    return String(Name ?? TopicName ?? FunctionName ?? QueueName ?? LogGroupName ?? `${STACK}-${id}-ABCDEFGHIJKL`);
  }
}
