import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import { consumer } from '../runtime/consume.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { dynamoRecordStore } from '../runtime/records.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { reportGaps } from './report-gaps.ts';
import { nextShipment, type Shipment } from './rules.ts';

export const handler = lambdaHandler('shipping', () =>
  consumer(
    'shipping',
    consumes,
    stateMachine<Shipment, OrderProgressed, never, never>(
      { decide: nextShipment, isFirstEvent: ({ data }) => data.sequence === 1 },
      reportGaps(dynamoRecordStore(requireEnv('TABLE_NAME'))),
    ),
  ),
);
