import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Scenarios } from '../../api/orders.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { navigate } from '../../parts/router.tsx';
import { orderPath } from './links.tsx';
import { scenarioWords, stateWords, text } from './messages.ts';
import { useSending } from './sending.ts';

/** The orders that this page published, and when (in milliseconds since 1970): until they are on record, they are on their way. */
export const placedHere = new Map<string, number>();

type Props = Pick<Scenarios, 'scenarios'> & { onClose: () => void };

/** Publishes a test order, and shows it. */
export function PlaceDialog({ scenarios, onClose }: Props): JSX.Element {
  const [name, setName] = useState(scenarios[0]?.name);
  const { busy, problem, send } = useSending();
  const chosen = scenarios.find((one) => one.name === name);
  const place = () =>
    send(async () => {
      if (chosen === undefined) return;
      const { orderId } = await postJson<{ orderId: string }>('/api/orders/place', { scenario: chosen.name });
      placedHere.set(orderId, Date.now());
      await navigate(orderPath(orderId));
    });
  return (
    <Dialog
      title={text('placeTestOrder')}
      open
      onClose={onClose}
      onSubmit={place}
      actions={
        <>
          <Button onClick={onClose}>{text('close')}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={chosen === undefined}>
            {text('place')}
          </Button>
        </>
      }
    >
      <p>{text('placeIntro')}</p>
      {chosen !== undefined && (
        <Field label={text('scenario')} hint={text('willEnd', { state: endState(chosen) })}>
          {(field) => (
            <select {...field} value={chosen.name} onChange={({ currentTarget }) => setName(currentTarget.value)}>
              {scenarios.map((one) => (
                <option key={one.name} value={one.name}>
                  {scenarioWords(one.name, one.story)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {problem !== undefined && (
        <p class="hint wrong" role="alert">
          {problem}
        </p>
      )}
    </Dialog>
  );
}

const endState = ({ status, reason }: Scenarios['scenarios'][number]): string =>
  reason === undefined ? stateWords(status) : `${stateWords(status)} (${stateWords(reason)})`;
