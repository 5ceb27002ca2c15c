import { partnerIdOf } from '../../infra/names.ts';
import { compareResources, type ResourceChanges } from './resources.ts';
import { compareSettings, type SettingChange } from './settings.ts';
import type { Template } from './template.ts';

/** What a deployment would change in a stack. */
export type Plan = ResourceChanges & {
  stackName: string;
  stage: string;
  /** Nothing is deployed yet, so that nothing can be lost. */
  first: boolean;
  settings: SettingChange[];
};

/** Plans the deployment of a template over the deployed one, `undefined` where there is none. */
export function planDeployment(
  deployed: Template | undefined,
  next: Template,
  { stackName, stage }: { stackName: string; stage: string },
): Plan {
  if (deployed === undefined) {
    const added = Object.keys(next.Resources).length;
    return { stackName, stage, first: true, settings: [], added, changed: 0, lost: [] };
  }
  const settings = compareSettings(deployed, next, stackName);
  const { lost, ...counts } = compareResources(deployed, next);
  const partners = partnerQueues(deployed);
  const withPartner = lost.map((resource) => {
    const partner = partners.get(resource.logicalId);
    return partner === undefined ? resource : { ...resource, partner };
  });
  return { stackName, stage, first: false, settings, ...counts, lost: withPartner };
}

/** Finds the queues and dead-letter queues of a template's partners: the partner's name by logical id. */
function partnerQueues({ Metadata, Outputs = {} }: Template): Map<string, string> {
  const { partners } = { partners: {}, ...(Metadata?.Settings instanceof Object ? Metadata.Settings : {}) };
  const queues = Object.keys(partners).flatMap((name) =>
    ['QueueUrl', 'DeadLetterQueueUrl'].flatMap((output): [string, string][] => {
      const value = Outputs[`${partnerIdOf(name)}${output}`]?.Value;
      return value instanceof Object && 'Ref' in value ? [[String(value.Ref), name]] : [];
    }),
  );
  return new Map(queues);
}

/** Whether messages that wait now were encrypted in another way than the new queues expect. */
export const changesEncryption = ({ settings }: Plan): boolean =>
  settings.some(({ setting }) => setting === 'encryption' || setting === 'keyArn');

/** Lists the partners that lose a queue: they are taken away, or change between events and the lifecycle feed. */
export const partnersWithLostQueues = ({ lost }: Plan): string[] => [
  ...new Set(lost.flatMap(({ partner }) => partner ?? [])),
];
