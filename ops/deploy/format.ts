import { stripControlChars } from '../dlq/format.ts';
import { plural } from '../format.ts';
import { changesEncryption, type Plan, partnersWithLostQueues } from './plan.ts';
import { describeChange } from './refusals.ts';
import type { LostResource } from './resources.ts';

/** As many of one type are named; `--json` names all. */
const MAX_NAMED = 8;

const NEEDS_EMPTY_QUEUES = '  The encryption changes: it is deployed only while no queue holds a message.';

/** Formats in a few lines what a deployment changes, and where. */
export function formatPlan(plan: Plan, where: string): string {
  const lines = plan.first
    ? [`  not deployed yet: ${plural(plan.added, 'resource')} to create`]
    : [
        ...plan.settings.map((change) => `  ${describeChange(change)}`),
        `  ${formatCounts(plan)}`,
        ...formatLost(plan.lost),
        ...(changesEncryption(plan) ? [NEEDS_EMPTY_QUEUES] : []),
        ...partnersWithLostQueues(plan).map(
          (name) => `  The queues of partner ${name} go: it is deployed only while they hold no message.`,
        ),
      ];
  return [`${plan.stackName}, stage ${plan.stage}, at ${where}:`, ...lines].map(clean).join('\n');
}

/** Makes one line of plain text of what comes from a template or an assembly. */
export const clean = (line: string) => stripControlChars(line).replaceAll('\n', ' ');

/** Formats why a plan is refused. */
export const formatRefusals = (refusals: readonly string[]): string =>
  ['Refused, and nothing was changed:', ...refusals.map((sentence) => `  ${clean(sentence)}`)].join('\n');

function formatCounts({ added, changed, lost }: Plan): string {
  const replaced = lost.filter(({ how }) => how === 'replaced').length;
  const counts: [number, string][] = [
    [added, 'added'],
    [changed, 'changed'],
    [replaced, 'replaced'],
    [lost.length - replaced, 'removed'],
  ];
  const some = counts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return some.length === 0 ? 'no resource changes' : `resources: ${some.join(', ')}`;
}

/** One line for all that are lost in the same way, as the alarms are when they are renamed. */
function formatLost(lost: readonly LostResource[]): string[] {
  const groups = Map.groupBy(lost, ({ how, type, properties, kept }) => {
    const cause = properties.length === 0 ? '' : ` (${properties.join(', ')})`;
    return `${how}: ${type}${cause}${kept ? ', kept by AWS outside of the stack' : ''}`;
  });
  return [...groups].map(([title, group]) => {
    const ids = group.slice(0, MAX_NAMED).map(({ logicalId }) => logicalId);
    const rest = group.length - ids.length;
    return `  ${title}: ${ids.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  });
}
