import type { EndpointRecord } from '../../lambdas/webhooks/endpoint-record.ts';
import type { Column } from '../columns.ts';
import { formatTime, plural, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { type Endpoints, publicUrl } from './endpoints.ts';

/** An endpoint, as `webhooks list` tells of it. Times in ISO 8601. */
export type ListedEndpoint = {
  name: string;
  enabled: boolean;
  url: string;
  events: readonly string[];
  /** Since when no answer was a success. */
  failingSince?: string;
  disabledAt?: string;
  /** Why it is disabled. */
  reason?: string;
};

/** Lists endpoints with what the function has noted of them, by name. */
export const listEndpoints = (endpoints: Endpoints, records: ReadonlyMap<string, EndpointRecord>): ListedEndpoint[] =>
  Object.entries(endpoints)
    .map(([name, { url, events }]) => {
      const { failingSince, disabledAt, disabledReason: reason } = records.get(name) ?? {};
      return {
        name,
        enabled: disabledAt === undefined,
        url: publicUrl(url),
        events,
        ...(failingSince === undefined ? {} : { failingSince }),
        ...(disabledAt === undefined ? {} : { disabledAt }),
        ...(reason === undefined ? {} : { reason }),
      };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));

const ENDPOINTS: readonly Column[] = [
  { title: '' },
  { title: 'endpoint' },
  { title: 'state', fit: 'wrap', least: 14 },
  { title: 'url', fit: 'middle', least: 24 },
  { title: 'events', fit: 'wrap', rank: 1, least: 20 },
];

/** Formats endpoints as a table, and says what to do about those that are disabled. */
export function formatEndpoints(endpoints: readonly ListedEndpoint[], layout: Layout = WHOLE): string {
  const rows = endpoints.map((one) => [
    one.enabled ? ' ' : '✗',
    one.name,
    stateOf(one, layout),
    one.url,
    one.events.join(', '),
  ]);
  const disabled = endpoints.filter(({ enabled }) => !enabled);
  return [
    table(ENDPOINTS, rows, layout),
    `${plural(endpoints.length - disabled.length, 'endpoint is', 'endpoints are')} enabled.`,
    ...disabled.map(
      ({ name, reason = 'for no reason that was noted' }) =>
        `${name} is disabled: ${reason}.\nOnce it takes events again: npm run ops -- webhooks enable ${name}`,
    ),
  ].join('\n\n');
}

function stateOf({ failingSince, disabledAt }: ListedEndpoint, layout: Layout): string {
  if (disabledAt !== undefined) return `disabled ${formatTime(disabledAt, layout)}`;
  return failingSince === undefined ? 'well' : `failing since ${formatTime(failingSince, layout)}`;
}
