import { orderPlaced } from '../../contracts/order.ts';
import { consumer } from '../../lambdas/runtime/consume.ts';
import { countingRecordStore } from '../../lambdas/runtime/counters.ts';
import { customerKeyHasher } from '../../lambdas/runtime/customer-hash.ts';
import { requireEnv } from '../../lambdas/runtime/environment.ts';
import { lambdaHandler } from '../../lambdas/runtime/lambda-handler.ts';
import { stateMachine } from '../../lambdas/runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { type LoyaltyEvent, type LoyaltyRecord, nextLoyalty, pointsOf } from './rules.ts';

export const handler = lambdaHandler('loyalty', () => {
  const customerKey = customerKeyHasher(requireEnv('CUSTOMER_HASH_KEY'));
  return consumer(
    'loyalty',
    consumes,
    stateMachine<LoyaltyRecord, LoyaltyEvent, never, never>(
      {
        decide: (record, delivery) => nextLoyalty(record, delivery, customerKey),
        isFirstEvent: ({ type }) => type === orderPlaced.type,
      },
      countingRecordStore<LoyaltyRecord>({
        records: requireEnv('TABLE_NAME'),
        counters: { table: requireEnv('POINTS_TABLE_NAME'), key: 'customer' },
        countsOf: pointsOf,
      }),
    ),
  );
});
