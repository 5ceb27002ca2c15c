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
  return { stackName, stage, first: false, settings, ...compareResources(deployed, next) };
}

/** Whether messages that wait now were encrypted in another way than the new queues expect. */
export const changesEncryption = ({ settings }: Plan): boolean =>
  settings.some(({ setting }) => setting === 'encryption' || setting === 'keyArn');
