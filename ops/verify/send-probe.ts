import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Channel } from '../../contracts/cloud-event.ts';
import { PROBE_SOURCE, type ProbeExpectation, probeMessage } from '../../lambdas/runtime/probe.ts';
import type { DeployedShop } from '../stack.ts';

/** A probe to be sent over a hop, on a channel: at the topic's ARN or the bus's name. */
export type PlannedProbe = {
  from: string;
  to: string;
  consumer: string;
  channel: Channel;
  at: string;
  type: string;
  expect: ProbeExpectation;
};

/** What the probes of one run have in common. */
export type ProbeRun = { nonce: string; until: number };

/** Returns a function that sends probes. It throws what the service refuses a probe with. */
export function probeSender(
  shop: DeployedShop,
  run: ProbeRun,
): (probe: PlannedProbe, repetition: number) => Promise<void> {
  const sns = new SNSClient(shop.config);
  const bus = new EventBridgeClient(shop.config);
  return async ({ channel, at, type, expect }, repetition) => {
    const body = JSON.stringify(probeMessage({ type, expect, ...run }));
    // In a group of its own it waits for no order, and none for it.
    const fifo = at.endsWith('.fifo')
      ? {
          MessageGroupId: `verify-${run.nonce}`,
          MessageDeduplicationId: `${run.nonce}-${type}-${expect}-${repetition}`,
        }
      : {};
    if (channel !== 'bus') await sns.send(new PublishCommand({ TopicArn: at, Message: body, ...fifo }));
    else {
      const entry = { EventBusName: at, Source: PROBE_SOURCE, DetailType: type, Detail: body };
      const { Entries: [answer] = [] } = await bus.send(new PutEventsCommand({ Entries: [entry] }));
      if (answer?.ErrorCode) throw new Error(`${answer.ErrorCode}: ${answer.ErrorMessage}`);
    }
  };
}
