import type { JSX } from 'preact';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { Link } from '../../parts/router.tsx';
import { stateWords } from './messages.ts';

/** The address of an order's page; an id may hold `#`, `/` and `%`. */
export const orderPath = (orderId: string): string => `/orders/${encodeURIComponent(orderId)}`;

export const OrderLink = ({ orderId }: { orderId: string }): JSX.Element => (
  <Link href={orderPath(orderId)} class="mono order-link">
    {orderId}
  </Link>
);

const TONES: Readonly<Record<string, Tone>> = { PLACED: 'info', CONFIRMED: 'good', CANCELLED: 'idle' };

export const StatusBadge = ({ status }: { status: string | null }): JSX.Element => (
  <Badge tone={TONES[status ?? ''] ?? 'warn'}>{stateWords(status ?? 'none')}</Badge>
);
