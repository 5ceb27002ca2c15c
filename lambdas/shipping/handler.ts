import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import { consumer } from '../runtime/consume.ts';
import { tableRecords } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { nextShipment, type Shipment } from './rules.ts';

export const handler = consumer(
  'shipping',
  consumes,
  stateMachine<Shipment, OrderProgressed, never, never>(
    { next: nextShipment, usuallyFirst: ({ data }) => data.sequence === 1 },
    tableRecords(setting('TABLE_NAME')),
  ),
);
