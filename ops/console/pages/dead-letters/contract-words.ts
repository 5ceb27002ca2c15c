import type { ContractMember } from '../../api/dead-letters.ts';

/** Says what may stand at a member of a contract, in the terms of JSON Schema: `integer, 1 to 100000`. */
export function allowedAt({ types, values, format, minimum, maximum }: ContractMember): string {
  if (values !== undefined) return values.join(' | ');
  const bounds = boundsOf(minimum, maximum);
  return [format ?? types.join(' | '), ...(bounds === '' ? [] : [bounds])].join(', ');
}

function boundsOf(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} – ${maximum}`;
  if (minimum !== undefined) return `≥ ${minimum}`;
  return maximum === undefined ? '' : `≤ ${maximum}`;
}

/** Writes a problem's path as a contract names it: `data.items[0].sku` is its `data.items[].sku`. */
export const memberPath = (path: string): string => path.replaceAll(/\[\d+\]/g, '[]');
