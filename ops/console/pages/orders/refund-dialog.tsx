import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RefundDocument } from '../../../orders/refund.ts';
import type { Refundable } from '../../api/orders.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { money } from '../../parts/format.ts';
import { typedAmount } from './amount.ts';
import { text } from './messages.ts';
import { digitsOf, emptyForm, type RefundForm, readForm, type TypedRefund } from './refund-form.ts';
import { useSending } from './sending.ts';
import { piecesText } from './summary.tsx';

type Props = { orderId: string; refundable: Refundable; onClose: () => void; onDone: (said: string) => void };

/** Sends money back and counts goods back, once it was said what that does. */
export function RefundDialog({ orderId, refundable: now, onClose, onDone }: Props): JSX.Element {
  // As it was when the dialog opened: what was typed against it must not change its meaning. The server checks once more.
  const [refundable] = useState(now);
  // However often this form is sent, it is one refund.
  const [refundId] = useState(() => `r-${crypto.randomUUID()}`);
  const [form, setForm] = useState(() => emptyForm(refundable));
  const { busy, problem, send } = useSending();
  const typed = readForm(form, refundable);
  const { currency, captured, refunded } = refundable;
  const inMoney = (amount: number) => money({ amount, currency });
  const refund = () =>
    send(async () => {
      if (typed.body === undefined) return;
      const path = `/api/orders/${encodeURIComponent(orderId)}/refund`;
      onDone(outcomeText(await postJson<RefundDocument>(path, { ...typed.body, refundId })));
    });
  return (
    <Dialog
      title={text('refundTitle', { id: orderId })}
      open
      onClose={onClose}
      onSubmit={refund}
      actions={
        <>
          <Button onClick={onClose}>{text('doNotRefund')}</Button>
          <Button kind="danger" type="submit" busy={busy} disabled={typed.body === undefined}>
            {submitText(typed, refundable)}
          </Button>
        </>
      }
    >
      <p>{text('refundIntro', { captured: inMoney(captured), refunded: inMoney(refunded) })}</p>
      <Field
        label={text('amount', { currency })}
        hint={text('amountHint', { most: inMoney(refundable.left) })}
        error={amountError(typed, refundable)}
      >
        {(field) => (
          <input
            {...field}
            type="text"
            inputMode="decimal"
            autoComplete="off"
            value={form.amount}
            onInput={({ currentTarget }) => setForm({ ...form, amount: currentTarget.value })}
          />
        )}
      </Field>
      <Goods form={form} refundable={refundable} wrong={typed.wrongQuantities} onChange={setForm} />
      <Field label={text('reasonField')} hint={text('reasonHint')}>
        {(field) => (
          <input
            {...field}
            type="text"
            maxLength={200}
            value={form.reason}
            onInput={({ currentTarget }) => setForm({ ...form, reason: currentTarget.value })}
          />
        )}
      </Field>
      <p aria-live="polite">{effectText(typed, refundable)}</p>
      {problem !== undefined && (
        <p class="hint wrong" role="alert">
          {problem}
        </p>
      )}
    </Dialog>
  );
}

type GoodsProps = {
  form: RefundForm;
  refundable: Refundable;
  wrong: readonly string[];
  onChange: (form: RefundForm) => void;
};

function Goods({ form, refundable: { goods }, wrong, onChange }: GoodsProps): JSX.Element | null {
  if (goods.length === 0) return null;
  return (
    <fieldset class="goods-back">
      <legend>{text('goodsBack')}</legend>
      {goods.map(({ sku, quantity: n }) => (
        <div key={sku} class="goods-line">
          <Field
            label={text('quantityOf', { sku, n })}
            error={wrong.includes(sku) ? text('quantityWrong', { n }) : undefined}
          >
            {(field) => (
              <input
                {...field}
                type="text"
                inputMode="numeric"
                placeholder="0"
                value={form.quantities[sku] ?? ''}
                onInput={({ currentTarget }) =>
                  onChange({ ...form, quantities: { ...form.quantities, [sku]: currentTarget.value } })
                }
              />
            )}
          </Field>
          <label class="check">
            <input
              type="checkbox"
              checked={form.restock[sku] ?? true}
              onChange={({ currentTarget }) =>
                onChange({ ...form, restock: { ...form.restock, [sku]: currentTarget.checked } })
              }
            />
            {text('restock')}
          </label>
        </div>
      ))}
    </fieldset>
  );
}

function amountError({ money: typed }: TypedRefund, refundable: Refundable): string | undefined {
  if (!('problem' in typed)) return undefined;
  const { currency, left } = refundable;
  const digits = digitsOf(refundable);
  const most = money({ amount: left, currency });
  return text(`amount_${typed.problem}`, { currency, digits, most, example: typedAmount(left, digits) });
}

/** Says what the form does to money and goods. */
function effectText({ money: typed, items, body }: TypedRefund, { currency }: Refundable): string {
  if (!('amount' in typed)) return '';
  if (body === undefined) return text('nothingBack');
  const restocked = items.filter(({ restock }) => restock);
  return [
    typed.amount === 0
      ? text('willNotRefund')
      : text('willRefund', { money: money({ amount: typed.amount, currency }) }),
    ...(items.length === 0 ? [] : [text('willReturn', { pieces: piecesText(items) })]),
    ...(restocked.length === 0 ? [] : [text('willRestock', { pieces: piecesText(restocked) })]),
  ].join(' ');
}

function submitText({ body }: TypedRefund, { currency }: Refundable): string {
  if (body === undefined) return text('refund');
  return body.amount === 0 ? text('doReturn') : text('doRefund', { money: money({ amount: body.amount, currency }) });
}

function outcomeText({ payment, stock }: RefundDocument): string {
  if (payment === 'refund-due') return text('refundDue');
  return text(payment === 'waiting' || stock === 'waiting' ? 'refundWaiting' : 'refundDone');
}
