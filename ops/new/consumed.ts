import { catalog } from '../../contracts/catalog.ts';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { jsonSchemaOf } from '../contracts/convert.ts';
import { inlineDefinitions } from '../contracts/definitions.ts';
import { nearest } from '../nearest.ts';

/** Finds the events that a new consumer handles; throws a sentence where they cannot share its queue, or have no place in its table. */
export function consumedContracts(
  name: string,
  types: readonly string[],
  { hasTable }: { hasTable: boolean },
): EventContract[] {
  const contracts = [...new Set(types)].map(find);
  const own = contracts.find(({ source }) => source === `/shop/${name.toLowerCase()}`);
  if (own !== undefined) throw new Error(`${own.type} is what ${name} itself will publish: it cannot handle it too.`);
  const feed = contracts.find(({ channel }) => channel === 'lifecycle');
  const other = contracts.find(({ channel }) => channel !== 'lifecycle');
  if (feed !== undefined && other !== undefined) {
    throw new Error(
      `${feed.type} comes in sequence, which cannot share a queue with ${other.type}: make two consumers.`,
    );
  }
  for (const contract of contracts) assertSubject(contract, hasTable);
  return contracts;
}

function find(type: string): EventContract {
  const found = catalog.find((one) => one.type === type);
  if (found !== undefined) return found;
  const near = nearest(
    type,
    catalog.map((one) => one.type),
  );
  throw new Error(
    `There is no event ${JSON.stringify(type)}${near === undefined ? '' : `: did you mean ${near}?`} \`npm run ops -- new event <type>\` makes one, and docs/events.md lists them.`,
  );
}

/** Throws where an event does not say which order, or receipt of goods, it is about: messages are kept apart, and records found, by it. */
function assertSubject(contract: EventContract, hasTable: boolean): void {
  const { required = [] } = inlineDefinitions(jsonSchemaOf(contract, undefined)).properties?.data ?? {};
  if (required.includes('orderId')) return;
  if (!required.includes('receiptId')) {
    throw new Error(`${contract.type} need not name an order (data.orderId), so no consumer can handle it.`);
  }
  if (hasTable) {
    throw new Error(
      `${contract.type} names no order (data.orderId), and --table keeps a record for each: leave --table out, or see docs/adding-a-consumer.md.`,
    );
  }
}
