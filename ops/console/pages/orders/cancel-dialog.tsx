import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Cancellation } from '../../../orders/cancel.ts';
import type { OrderView } from '../../api/orders.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { money } from '../../parts/format.ts';
import { text } from './messages.ts';
import { useSending } from './sending.ts';

type Props = { view: OrderView; onClose: () => void; onDone: (said: string) => void };

/** Cancels an order, once it was said what that does. */
export function CancelDialog({ view, onClose, onDone }: Props): JSX.Element {
  const { orderId, status, total } = view.trace;
  const [reason, setReason] = useState(text('cancelDefault'));
  const { busy, problem, send } = useSending();
  const cancel = () =>
    send(async () => {
      const path = `/api/orders/${encodeURIComponent(orderId)}/cancel`;
      const { outcome } = await postJson<Cancellation>(path, reason.trim() === '' ? {} : { reason: reason.trim() });
      onDone(text(OUTCOMES[outcome]));
    });
  return (
    <Dialog
      title={text('cancelTitle', { id: orderId })}
      open
      onClose={onClose}
      onSubmit={cancel}
      actions={
        <>
          <Button onClick={onClose}>{text('keepOrder')}</Button>
          <Button kind="danger" type="submit" busy={busy}>
            {text('cancelOrder')}
          </Button>
        </>
      }
    >
      <p>
        {status === 'CONFIRMED' && total !== null
          ? text('cancelConfirmed', { money: money(total) })
          : text('cancelUndecided')}
      </p>
      <p>{text('cancelIsFinal')}</p>
      <Field label={text('reasonField')} hint={text('reasonHint')}>
        {(field) => (
          <input
            {...field}
            type="text"
            maxLength={200}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        )}
      </Field>
      {problem !== undefined && (
        <p class="hint wrong" role="alert">
          {problem}
        </p>
      )}
    </Dialog>
  );
}

const OUTCOMES = {
  cancelled: 'cancelled',
  'already-cancelled': 'alreadyCancelled',
  shipped: 'cannotCancelShipped',
  waiting: 'cancelWaiting',
} as const satisfies Record<Cancellation['outcome'], string>;
