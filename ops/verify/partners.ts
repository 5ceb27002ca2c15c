import { evaluateForAccount } from '../explain/permission.ts';
import { type CheckedHop, findRoute, lettersOf, senderOf } from './check.ts';
import type { Deployment, PartnerDeployment } from './deployment.ts';
import { originOf, type PartnerHop, partnerHops } from './hops.ts';
import { RESTORE, redriveProblem, routeProblem, undeliverableProblem } from './problems.ts';

/** Checks the ways to each partner by what was read alone: a probe would be somebody else's to read. */
export const checkPartners = (deployment: Deployment): CheckedHop[] =>
  [...deployment.partners].flatMap(([name, partner]) => checkPartner(name, partner, deployment));

function checkPartner(name: string, partner: PartnerDeployment, deployment: Deployment): CheckedHop[] {
  const { own, dead, settings } = partner;
  const from = `${name} queue`;
  const ways =
    settings === undefined
      ? [{ from: 'settings', to: name, problem: 'the template does not record what it gets: deploy this version' }]
      : partnerHops(name, settings).flatMap((hop) => checkWay(hop, partner, deployment));
  const redrive = { from, to: lettersOf(name), problem: redriveProblem(own.arn, own.queue, dead.arn, dead.queue) };
  if (settings?.account === undefined) return [...ways, redrive];
  const { account } = settings;
  return [...ways, redrive, { from, to: `account ${account}`, problem: accountProblem(account, partner, deployment) }];
}

function checkWay(
  hop: PartnerHop,
  { queueUrl }: PartnerDeployment,
  { channels, undeliverable, keyOf }: Deployment,
): CheckedHop[] {
  const { at, routes } = channels[hop.channel];
  const route = findRoute(hop, routes, queueUrl);
  const sender = senderOf(route, at);
  const from = originOf(hop);
  const way = { from, to: hop.consumer, problem: routeProblem(hop, route, sender, keyOf) };
  if (route === undefined) return [way];
  const deadLetterQueue = route.undeliverable === undefined ? undefined : undeliverable.get(route.undeliverable);
  const problem = undeliverableProblem(route, deadLetterQueue, sender, keyOf);
  return [way, { from, to: lettersOf(hop.consumer), problem }];
}

const RECEIVING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];

/** Returns why the roles of another account cannot receive from a partner's queue, whatever their own account allows them. */
function accountProblem(account: string, { own }: PartnerDeployment, { keyOf }: Deployment): string | undefined {
  const { arn, queue } = own;
  if (queue === undefined) return `its queue is gone: ${RESTORE}`;
  const isAllowed = (policy: string, action: string, viaService?: string) =>
    evaluateForAccount(policy, { account, action, ...(viaService === undefined ? {} : { viaService }) }) === 'allowed';
  const refused = RECEIVING.find((action) => !isAllowed(queue.policy || '{}', action));
  if (refused !== undefined)
    return `the policy of its queue does not let the account ${account} use ${refused}: ${RESTORE}`;
  const key = keyOf(queue);
  if (key === undefined || 'unreadable' in key) return undefined;
  const region = arn.split(':')[3] ?? '';
  if (isAllowed(key.policy, 'kms:Decrypt', `sqs.${region}.amazonaws.com`)) return undefined;
  return `the policy of its queue's key ${key.id} does not let the account ${account} use kms:Decrypt: add the statement (docs/deploying.md)`;
}
