import {
  AuthorizationErrorException,
  GetSubscriptionAttributesCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import type { DeployedShop } from '../stack.ts';

/** Somebody whom an alarm is sent to; only what was `sent` arrives. */
export type Target = {
  protocol: string;
  /** The path of a URL is left out, because it may hold a key. */
  endpoint: string;
  outcome: 'sent' | 'unconfirmed' | 'other severity' | 'unknown';
};

/** Lists whom topics send the message of an alarm with this description. */
export async function listTargets(
  shop: DeployedShop,
  topics: readonly string[],
  description: string,
): Promise<Target[]> {
  const client = new SNSClient(shop.config);
  const targets: Target[] = [];
  for (const TopicArn of topics) {
    try {
      for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
        for (const one of Subscriptions) targets.push(await toTarget(client, one, description));
      }
    } catch (error) {
      // A topic of another team: who reads it is theirs to know.
      if (!(error instanceof AuthorizationErrorException)) throw error;
      targets.push({ protocol: 'sns', endpoint: TopicArn, outcome: 'unknown' });
    }
  }
  return targets;
}

async function toTarget(client: SNSClient, subscription: Subscription, description: string): Promise<Target> {
  const { Protocol = '', Endpoint = '', SubscriptionArn = '' } = subscription;
  const target = { protocol: Protocol, endpoint: withoutKey(Protocol, Endpoint) };
  if (!SubscriptionArn.startsWith('arn:')) return { ...target, outcome: 'unconfirmed' };
  const { Attributes = {} } = await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
  if (Attributes.PendingConfirmation === 'true') return { ...target, outcome: 'unconfirmed' };
  return { ...target, outcome: passes(Attributes.FilterPolicy, description) ? 'sent' : 'other severity' };
}

/** Tells whether the filter of a target lets a description through: only its severity is looked at. */
function passes(filterPolicy: string | undefined, description: string): boolean {
  const { AlarmDescription }: { AlarmDescription?: { prefix?: string }[] } = JSON.parse(filterPolicy || '{}');
  return AlarmDescription === undefined || AlarmDescription.some(({ prefix = '' }) => description.startsWith(prefix));
}

function withoutKey(protocol: string, endpoint: string): string {
  if (protocol === 'sms') return `…${endpoint.slice(-4)}`;
  if (!URL.canParse(endpoint) || !protocol.startsWith('http')) return endpoint;
  const { protocol: scheme, host } = new URL(endpoint);
  return `${scheme}//${host}/…`;
}
