import * as v from 'valibot';
import { catalog } from '../contracts/catalog.ts';
import type { EventContract } from '../contracts/cloud-event.ts';
import { LIFECYCLE, type PartnerSettings } from '../infra/partner-settings.ts';
import { readTemplate } from './deploy/deployed.ts';
import type { Template } from './deploy/template.ts';
import type { DeployedShop } from './stack.ts';

const recorded = v.object({
  partners: v.optional(
    v.record(
      v.string(),
      v.object({
        events: v.union([v.literal(LIFECYCLE), v.array(v.string())]),
        account: v.optional(v.string()),
      }),
    ),
    {},
  ),
});

/** Reads the partners that a stack was deployed with, by name. */
export async function readPartners(
  shop: Pick<DeployedShop, 'local' | 'where' | 'config' | 'stackName'>,
): Promise<Readonly<Record<string, PartnerSettings>>> {
  return partnersIn(await readTemplate(shop, shop.stackName));
}

/** Returns the partners that a template records in its metadata, by name. */
export function partnersIn({ Metadata }: Template): Readonly<Record<string, PartnerSettings>> {
  const parsed = v.safeParse(recorded, Metadata?.Settings);
  if (!parsed.success) return {};
  return Object.fromEntries(
    Object.entries(parsed.output.partners).map(([name, { events, account }]) => [
      name,
      { events, ...(account === undefined ? {} : { account }) },
    ]),
  );
}

/** Returns the contracts of what a partner gets. */
export const contractsFor = ({ events }: Pick<PartnerSettings, 'events'>): EventContract[] =>
  events === LIFECYCLE
    ? catalog.filter(({ channel }) => channel === LIFECYCLE)
    : catalog.filter(({ type }) => events.includes(type));
