import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { JobView } from '../../api/live.ts';
import { BOUNDS, type Hindrance, type TrafficState } from '../../api/traffic.ts';
import { Badge } from '../../parts/badge.tsx';
import { ActionButton } from '../../parts/button.tsx';
import { ApiError, postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { text } from './messages.ts';
import { type NumberProblem, readWholeNumber } from './whole-number.ts';

type Bounds = { min: number; max: number };
type NumberField = { name: string; label: string; bounds: Bounds; initial: number };

/** Takes the sandbox gateway down and back. */
export function GatewayPanel({ down, onChange }: { down: boolean; onChange: () => void }): JSX.Element {
  const { busy, error, send } = useSending(onChange);
  return (
    <section class="panel traffic-gateway" aria-label={text('gateway')}>
      <div>
        <h2>
          {text('gateway')} <Badge tone={down ? 'bad' : 'good'}>{text(down ? 'gatewayIsDown' : 'gatewayUp')}</Badge>
        </h2>
        <p class="hint">{text(down ? 'gatewayDownHint' : 'gatewayUpHint')}</p>
      </div>
      <div class="actions">
        <ActionButton
          kind={down ? 'primary' : 'danger'}
          busy={busy}
          onClick={() => send(() => postJson<TrafficState>('/api/traffic/gateway', { down: !down }))}
        >
          {text(down ? 'bringBack' : 'takeDown')}
        </ActionButton>
      </div>
      {error !== undefined && <Wrong error={error} />}
    </section>
  );
}

type FormProps = { hindrance: Hindrance | null; onStarted: () => void };

export const LoadForm = (props: FormProps): JSX.Element => (
  <StartForm
    {...props}
    kind="load"
    fields={[
      { name: 'rate', label: text('rate'), bounds: BOUNDS.rate, initial: 10 },
      { name: 'count', label: text('count'), bounds: BOUNDS.count, initial: 300 },
    ]}
  />
);

export const DrillForm = (props: FormProps): JSX.Element => (
  <StartForm
    {...props}
    kind="drill"
    fields={[
      { name: 'orders', label: text('drillOrders'), bounds: BOUNDS.orders, initial: 150 },
      { name: 'outageSeconds', label: text('outage'), bounds: BOUNDS.outageSeconds, initial: 20 },
    ]}
  />
);

// They do not pass: nothing is asked for that can never be started here.
const isLasting = (hindrance: Hindrance | null): boolean =>
  hindrance === 'real-gateway' || hindrance === 'real-texts' || hindrance === 'not-local';

/** Starts a load or a drill; what is wrong with a number is said at its field. */
function StartForm({
  kind,
  fields,
  hindrance,
  onStarted,
}: FormProps & { kind: 'load' | 'drill'; fields: readonly NumberField[] }): JSX.Element {
  const [typed, setTyped] = useState(() => Object.fromEntries(fields.map(({ name, initial }) => [name, `${initial}`])));
  const { busy, error, send } = useSending(onStarted);
  const read = fields.map(({ name, bounds }) => [name, readWholeNumber(typed[name] ?? '', bounds)] as const);
  const isRight = read.every(([, value]) => typeof value === 'number');
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (isRight && hindrance === null && !busy)
      void send(() => postJson<JobView>(`/api/traffic/${kind}`, Object.fromEntries(read)));
  };
  if (hindrance !== null && isLasting(hindrance)) {
    return (
      <section class="panel" aria-label={text(kind)}>
        <h2>{text(kind)}</h2>
        <p class="hint">{text(hindrance)}</p>
      </section>
    );
  }
  return (
    <form class="panel" aria-label={text(kind)} onSubmit={onSubmit} noValidate>
      <h2>{text(kind)}</h2>
      <p class="hint">{text(kind === 'load' ? 'loadHint' : 'drillHint')}</p>
      <div class="traffic-fields">
        {fields.map(({ name, label, bounds }, index) => (
          <Field key={name} label={label} hint={text('bounds', bounds)} error={problemText(read[index]?.[1], bounds)}>
            {(field) => (
              <input
                {...field}
                inputMode="numeric"
                autocomplete="off"
                value={typed[name]}
                onInput={({ currentTarget }) => setTyped((before) => ({ ...before, [name]: currentTarget.value }))}
              />
            )}
          </Field>
        ))}
      </div>
      <div class="actions">
        <ActionButton
          kind="primary"
          type="submit"
          busy={busy || hindrance === 'running'}
          disabled={!isRight || hindrance === 'gateway-down'}
        >
          {text(kind === 'load' ? 'startLoad' : 'startDrill')}
        </ActionButton>
      </div>
      {hindrance !== null && <p class="hint">{text(hindrance)}</p>}
      {error !== undefined && <Wrong error={error} />}
    </form>
  );
}

const problemText = (value: number | NumberProblem | undefined, bounds: Bounds): string | undefined =>
  typeof value === 'string' ? text(value, bounds) : undefined;

const Wrong = ({ error }: { error: string }): JSX.Element => (
  <p class="hint wrong" role="alert">
    {error}
  </p>
);

/** Sends one request at a time, and keeps what was wrong with the last one. */
function useSending(onDone: () => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const send = async (request: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await request();
      onDone();
    } catch (reason) {
      setError(reason instanceof ApiError ? reason.message : String(reason));
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, send };
}
