import type { Pins } from './pins.ts';
import { type Plan, partnersWithLostQueues } from './plan.ts';
import type { OccupiedQueue } from './queues.ts';
import type { LostResource } from './resources.ts';
import type { SettingChange } from './settings.ts';

/** What the operator said is meant: `--change` and `--replace`. */
export type Confirmations = { change: readonly string[]; replace: readonly string[] };

/** The settings that change only when they are named, each with the name that `--change` takes and what is at stake. */
const GUARDED: Readonly<Record<string, { flag: string; stake: string }>> = {
  paymentGateway: { flag: 'paymentGateway', stake: 'payments then go through another gateway' },
  encryption: { flag: 'encryption', stake: 'what is encrypted under the old key needs it for as long as it is kept' },
  restoredTables: {
    flag: 'restoredTables',
    stake: 'the shop then uses another table, and does not know what only the one of before holds (docs/restore.md)',
  },
  keyArn: { flag: 'encryption', stake: 'what is encrypted under the old key needs it for as long as it is kept' },
};

/** Returns the guard of a setting, or of the one that it is a part of. */
const guardOf = (setting: string) => GUARDED[setting.split('.')[0] ?? ''];

/**
 * Lists in sentences why a plan is refused; none if it may be carried out. A resource of a pinned type is as full as a pinned one: a change that
 * moves a table has changed its pin too.
 * A confirmation of what does not change is refused too: it may be a misspelt one.
 */
export function refusalsOf(plan: Plan, given: Confirmations, pins: Pick<Pins, 'losses' | 'types'>): string[] {
  return [
    ...plan.settings.flatMap((change) => refuseSetting(change, plan, given)),
    ...plan.lost.flatMap((resource) => refuseLoss(resource, given, pins)),
    ...given.change.flatMap((setting) => refuseUnknownSetting(setting, plan)),
    ...given.replace.flatMap((logicalId) => refuseUnknownResource(logicalId, plan)),
  ];
}

function refuseSetting({ setting, from, to }: SettingChange, plan: Plan, { change }: Confirmations): string[] {
  const values = describeChange({ setting, from, to });
  if (setting === 'stage') {
    return [
      `${values}: a deployment never changes the stage of a stack. ${plan.stackName} was deployed as ${from ?? 'none'}.`,
    ];
  }
  const guarded = guardOf(setting);
  if (guarded === undefined || change.includes(guarded.flag)) return [];
  return [`${values}: ${guarded.stake}. If that is meant, add --change ${guarded.flag}.`];
}

function refuseLoss(
  { logicalId, type, how, kept, properties, partner }: LostResource,
  { replace }: Confirmations,
  { losses, types }: Pick<Pins, 'losses' | 'types'>,
): string[] {
  // Whether it holds a message is looked up.
  if (partner !== undefined) return [];
  const loss = losses[logicalId] ?? (types.includes(type) ? 'what it holds' : undefined);
  if (loss === undefined || replace.includes(logicalId)) return [];
  const cause = properties.length === 0 ? '' : ` because of ${properties.join(', ')}`;
  const rest = kept ? ' AWS keeps the old one outside of the stack, where nothing uses it.' : '';
  return [
    `${type} ${logicalId} would be ${how}${cause}, and the shop loses ${loss}.${rest} If that is meant, add --replace ${logicalId}.`,
  ];
}

function refuseUnknownSetting(setting: string, plan: Plan): string[] {
  const changing = plan.settings.map((one) => one.setting);
  // One name may stand for several.
  if (changing.some((one) => one === setting || guardOf(one)?.flag === setting)) return [];
  return [`--change ${setting}: this setting does not change${listOf(changing)}. Leave it out, or correct its name.`];
}

function refuseUnknownResource(logicalId: string, { lost }: Plan): string[] {
  const ids = lost.map((resource) => resource.logicalId);
  if (ids.includes(logicalId)) return [];
  return [`--replace ${logicalId}: this is not replaced or removed${listOf(ids)}. Leave it out, or correct its name.`];
}

const listOf = (names: readonly string[]) => (names.length === 0 ? '' : `; these are: ${names.join(', ')}`);

/** `encryption: customer → aws` */
export const describeChange = ({ setting, from, to }: SettingChange): string =>
  `${setting}: ${from ?? 'not set'} → ${to ?? 'not set'}`;

/**
 * Refuses, whatever was confirmed, to change the encryption while messages wait that the new key cannot decrypt, and to take away a partner's
 * queue that holds a message.
 */
export const refuseOccupiedQueues = (plan: Plan, queues: readonly OccupiedQueue[]): string[] => [
  ...refuseEncryption(plan, queues),
  ...partnersWithLostQueues(plan).flatMap((partner) => refusePartner(partner, plan, queues)),
];

function refuseEncryption({ settings }: Plan, queues: readonly OccupiedQueue[]): string[] {
  const [first] = settings.filter(({ setting }) => guardOf(setting)?.flag === 'encryption');
  if (first === undefined || queues.length === 0) return [];
  return [
    `${describeChange(first)}: messages wait that are encrypted in the old way (${depthsOf(queues)}). Pause publishing, let the queues drain, redrive or discard the dead letters, then deploy again.`,
  ];
}

function refusePartner(partner: string, { lost }: Plan, queues: readonly OccupiedQueue[]): string[] {
  const ids = lost.filter((resource) => resource.partner === partner).map(({ logicalId }) => logicalId);
  const occupied = queues.filter(({ logicalId }) => ids.includes(logicalId));
  if (occupied.length === 0) return [];
  return [
    `partners.${partner}: its queues would go, and hold messages (${depthsOf(occupied)}). Let ${partner} read what waits; redrive or discard its letters with \`npm run ops -- dlq discard --consumer ${partner}\`; then deploy again. How to discard what nobody reads, or to stop what still comes: docs/deploying.md#taking-a-partner-away`,
  ];
}

const depthsOf = (queues: readonly OccupiedQueue[]) =>
  queues
    .map(
      ({ queue, waiting, inFlight, delayed }) =>
        `${queue} ${waiting} waiting, ${inFlight} in flight, ${delayed} delayed`,
    )
    .join('; ');
