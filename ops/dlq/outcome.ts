import { plural } from '../format.ts';
import { countUnread, type Plan, type PlanResult, type QueuePlan, sizeOf, type UnreadMeant, unreadOf } from './plan.ts';
import { LONGEST_HOLD_SECONDS } from './visibility.ts';

/** How many dead letters may be meant and were not received, and when the command began, in milliseconds since 1970. */
export type Unseen = { inFlight: number; behind: number; startedAt: number };

/** Describes what a command is about to work on: `12 dead letters (payment 10, stock 2)`; what nobody has read yet is named. */
export function describePlan(plan: Plan, unread: UnreadMeant): string {
  const counted = plan.map((one) => ({ ...one, count: one.deadLetters.length + countUnread([one], unread) }));
  const parts = counted
    .filter(({ count }) => count > 0)
    .map(({ queue, deadLetters, count }) => {
      const notRead = count - deadLetters.length;
      const note = notRead === 0 ? '' : `, of which ${notRead} stand behind others of their order and were not read`;
      return `${queue.consumer} ${count}${note}`;
    });
  const count = sizeOf(plan) + countUnread(plan, unread);
  const described = `${letters(count)} (${parts.join(', ')})`;
  const matching = unread === 'matching' || unread === 'same order' ? sum(plan, unreadOf) : 0;
  if (matching === 0) return described;
  return `${described}, with what matches among ${matching} that stand behind others of their order and were not read`;
}

/** Counts what a plan does not have and may be meant; those that come into sight while it is carried out are part of it. Where one dead letter was asked for and found, that is nothing. */
export function unseenIn(plan: Plan, unread: UnreadMeant, startedAt: number): Unseen {
  if (unread === 'none' && sizeOf(plan) > 0) return { inFlight: 0, behind: 0, startedAt };
  const behind = unread === 'same order' ? 0 : sum(plan, (one) => one.behind - (unread === 'none' ? 0 : unreadOf(one)));
  return { inFlight: sum(plan, ({ inFlight }) => inFlight), behind, startedAt };
}

/** Says what may be meant and was not received, and what to do about it; `undefined` where there is no such dead letter. */
export function unseenProblem({ inFlight, behind, startedAt }: Unseen): string | undefined {
  const until = `${new Date(startedAt + LONGEST_HOLD_SECONDS * 1_000).toISOString().slice(0, 19)}Z`;
  const sentences = [
    ...(inFlight > 0
      ? [
          `${letters(inFlight)} that may be meant ${are(inFlight)} in flight: another command has them, or one that was killed, until ${until} at the latest. Run it again then.`,
        ]
      : []),
    ...(behind > 0
      ? [
          `${letters(behind)} that may be meant ${behind === 1 ? 'was' : 'were'} not read, behind others: run it again once those before are gone.`,
        ]
      : []),
  ];
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

/** Says why a command has not done all that was asked for, though nobody interrupted it; `undefined` where it has. */
export function resultProblem({ failed, missing, unread }: PlanResult, unseen: Unseen): string | undefined {
  const [first] = failed;
  const sentences = [
    first && `${failed.length} stay where they were, the first of them (${first.consumer} ${first.id}): ${first.why}.`,
    missing > 0 && `${missing} were not there any more, or are in flight: see npm run ops -- dlq list.`,
    unread > 0 && `${unread} were not reached behind others of their order.`,
    unseenProblem(unseen),
  ].filter((sentence) => typeof sentence === 'string');
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

const sum = (plan: Plan, count: (one: QueuePlan) => number) => plan.reduce((total, one) => total + count(one), 0);
const letters = (count: number) => plural(count, 'dead letter');
const are = (count: number) => (count === 1 ? 'is' : 'are');
