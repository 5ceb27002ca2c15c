import type { DeployedQueue, DeployedRoute } from '../explain/deployment.ts';
import { denialReason, evaluatePolicy, type Service } from '../explain/permission.ts';
import { describePause, type Pause } from '../pause/record.ts';
import { filterDifference } from './filter.ts';
import { type ExpectedHop, originOf } from './hops.ts';

/** A key of AWS KMS; `unreadable` says why its state and policy are unknown. */
export type DeployedKey = { id: string; enabled: boolean; policy: string } | { id: string; unreadable: string };

/** Returns a queue's key; `undefined` where SQS's own key encrypts it. */
export type KeyOf = (queue: DeployedQueue) => DeployedKey | undefined;

/** What to do where something was taken away or changed by hand. */
export const RESTORE = 'put it back as the template has it (`npx cdk drift` shows what differs)';
const REDEPLOY = 'deploy this version, or run the `ops verify` of the version that is deployed';

/** Who delivers on a channel, and for what: the service, and the ARN of the topic or rule. */
export type Sender = { service: Service; sourceArn: string };

/** Returns why no event can take a hop as it is deployed; `undefined` where nothing is wrong that can be read. */
export function routeProblem(
  hop: Omit<ExpectedHop, 'consumer' | 'probe'>,
  route: DeployedRoute | undefined,
  sender: Sender,
  keyOf: KeyOf,
): string | undefined {
  if (route === undefined) {
    const whom = hop.endpoint === undefined ? '' : ` for ${hop.endpoint}`;
    const missing =
      hop.channel === 'bus'
        ? `no rule of the bus has the queue as its target${whom}`
        : `no subscription of the ${originOf(hop)} sends to the queue`;
    return `${missing}: ${RESTORE}`;
  }
  if (!route.enabled) return `its ${route.name} is switched off, or was never confirmed: ${RESTORE}`;
  const difference = filterDifference(hop.filter, route.filter);
  if (difference !== undefined) return `${difference}: ${REDEPLOY}`;
  if (!route.bare && route.endpoint === undefined)
    return `its ${route.name} delivers the event in an envelope: ${RESTORE}`;
  if (route.queue === undefined) return `its queue is gone: ${RESTORE}`;
  return sendingProblem(route.queue, sender, keyOf);
}

/** Returns why a service cannot send to a queue: the queue's policy, or its key. */
export function sendingProblem(queue: DeployedQueue, { service, sourceArn }: Sender, keyOf: KeyOf): string | undefined {
  const denial = denialReason(queue.policy, service, sourceArn);
  if (denial !== undefined) return `${denial}: ${RESTORE}`;
  const key = keyOf(queue);
  if (key === undefined || 'unreadable' in key) return undefined;
  if (!key.enabled) return `its queue's key ${key.id} is disabled: \`aws kms enable-key --key-id ${key.id}\``;
  const refused = ['kms:GenerateDataKey', 'kms:Decrypt'].find(
    (action) => evaluatePolicy(key.policy, { service, action, sourceArn }) !== 'allowed',
  );
  if (refused === undefined) return undefined;
  return `the policy of its queue's key ${key.id} does not let ${service}.amazonaws.com use ${refused} for ${sourceArn}: add the statement (docs/deploying.md)`;
}

/** Returns why no function receives from a consumer's queue; `pause` is the record of its pause. */
export function mappingProblem(consumer: string, queue: DeployedQueue, pause: Pause | undefined): string | undefined {
  if (queue.functions.length === 0)
    return `no function receives from the queue of ${consumer}: its event source mapping is gone: ${RESTORE}`;
  const off = disabledMapping(queue);
  if (off === undefined) return undefined;
  const state = `${consumer} is switched off, its event source mapping is ${off.state.toLowerCase()}`;
  return pauseProblem(consumer, queue, pause) ?? `${state}: ${resumeCommand(consumer)}`;
}

/** Returns by whom, since when and why a consumer is paused; `undefined` where it is not, or its mapping is not disabled. */
export function pauseProblem(consumer: string, queue: DeployedQueue, pause: Pause | undefined): string | undefined {
  if (pause === undefined || disabledMapping(queue) === undefined) return undefined;
  return `${consumer} is ${describePause(pause)}: ${resumeCommand(consumer)}`;
}

const disabledMapping = ({ functions }: DeployedQueue) =>
  functions.find(({ state }) => !['Enabled', 'Updating', 'Enabling', 'Creating'].includes(state));

const resumeCommand = (consumer: string) => `\`npm run ops -- resume ${consumer}\``;

/** Returns why what cannot be delivered would be lost instead of dead-lettered. */
export function undeliverableProblem(
  route: DeployedRoute,
  deadLetterQueue: DeployedQueue | undefined,
  sender: Sender,
  keyOf: KeyOf,
): string | undefined {
  if (route.undeliverable === undefined)
    return `its ${route.name} has no dead-letter queue, so what cannot be delivered is lost: ${RESTORE}`;
  if (deadLetterQueue === undefined) return `its dead-letter queue ${route.undeliverable} is gone: ${RESTORE}`;
  const problem = sendingProblem(deadLetterQueue, sender, keyOf);
  return problem?.replace(/\bits queue\b/, 'its dead-letter queue');
}

/** Returns why SQS cannot move what was received too often to the dead-letter queue. */
export function redriveProblem(
  queueArn: string,
  queue: DeployedQueue | undefined,
  deadLetterArn: string,
  deadLetterQueue: DeployedQueue | undefined,
): string | undefined {
  if (queue === undefined) return `its queue is gone: ${RESTORE}`;
  if (deadLetterQueue === undefined) return `its dead-letter queue is gone: ${RESTORE}`;
  if (queue.deadLetters?.queue !== deadLetterArn)
    return `the redrive policy of its queue does not name its dead-letter queue: ${RESTORE}`;
  const { redriveSources } = deadLetterQueue;
  if (redriveSources !== undefined && !redriveSources.includes(queueArn))
    return `its dead-letter queue does not accept what SQS moves from its queue (RedriveAllowPolicy): ${RESTORE}`;
  return undefined;
}
