import type { JSX } from 'preact';
import { Badge } from '../../parts/badge.tsx';
import { ago } from '../../parts/format.ts';
import { expiryOf } from './expiry-words.ts';
import { text } from './messages.ts';

/** Says when a letter ends; one that ends soon stands out. */
export function Expiry({ at }: { at: string }): JSX.Element {
  const expiry = expiryOf(at, new Date());
  if (expiry === 'over') return <Badge tone="bad">{text('expired')}</Badge>;
  const when = <time dateTime={at}>{ago(at)}</time>;
  return expiry === 'soon' ? <Badge tone="bad">{when}</Badge> : when;
}
