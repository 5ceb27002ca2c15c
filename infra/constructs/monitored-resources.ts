import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { ConsumerName } from '../routing.ts';
import type { Archive } from './archive.ts';
import type { Consumer } from './consumer.ts';
import type { Intake } from './intake.ts';
import type { Partner } from './partner.ts';
import type { Sweep } from './sweep.ts';

/** The resources that have alarms and a place on the dashboard. */
export type MonitoredResources = {
  consumers: Readonly<Record<ConsumerName, Consumer>>;
  partners: readonly Partner[];
  sweep: Sweep;
  archive: Archive;
  /** Where settings name senders. */
  intake: Intake | undefined;
  orders: ITopic;
  lifecycle: ITopic;
  bus: EventBus;
};
