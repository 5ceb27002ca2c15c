import { FilterOrPolicy, SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { bodyFilter } from '../filters.ts';

/** Returns `bodyFilter` as CDK takes it. */
export const filterBody = (consumer: string, contracts: readonly EventContract[]) => ({
  type: FilterOrPolicy.filter(
    SubscriptionFilter.stringFilter({ allowlist: bodyFilter(consumer, contracts).policy.type }),
  ),
});
