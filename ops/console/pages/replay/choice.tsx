import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ReplayAsk, ReplayTarget } from '../../api/replay.ts';
import { ActionButton, Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { readOnly } from '../../parts/live.ts';
import { text } from './messages.ts';
import { type Preset, presetRange, type RangeFields, type RangeProblem, readRange } from './range.ts';

type Choice = RangeFields & { to: string; types: readonly string[]; order: string };

type Props = {
  targets: readonly ReplayTarget[];
  busy: boolean;
  /** Called when what was counted is no longer what is chosen. */
  onChange: () => void;
  onCount: (ask: ReplayAsk) => void;
};

const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Chooses whom, when and what; what is wrong with the range is said at its field once somebody has asked for a count. */
export function ChoiceForm({ targets, busy, onChange, onCount }: Props): JSX.Element {
  const [choice, setChoice] = useState<Choice>(() => ({
    to: targets[0]?.name ?? '',
    ...presetRange('hour', new Date()),
    types: [],
    order: '',
  }));
  const [problem, setProblem] = useState<RangeProblem | undefined>(undefined);
  const target = targets.find(({ name }) => name === choice.to);
  const change = (next: Partial<Choice>) => {
    setChoice((before) => ({ ...before, ...next }));
    setProblem(undefined);
    onChange();
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    const range = readRange(choice, new Date());
    if ('problem' in range) return setProblem(range);
    if (!busy) onCount(askOf(choice, range));
  };
  return (
    <form class="panel replay-choice" aria-label={text('choose')} onSubmit={onSubmit} noValidate>
      <Field label={text('to')} hint={text(target?.kind === 'partner' ? 'partnerHint' : 'consumerHint')}>
        {(field) => (
          <select
            {...field}
            value={choice.to}
            onChange={({ currentTarget }) => change({ to: currentTarget.value, types: [] })}
          >
            <TargetGroup label={text('consumers')} targets={targets.filter(({ kind }) => kind === 'consumer')} />
            <TargetGroup label={text('partners')} targets={targets.filter(({ kind }) => kind === 'partner')} />
          </select>
        )}
      </Field>
      <Range choice={choice} problem={problem} onChange={change} />
      <Types all={target?.types ?? []} chosen={choice.types} onChange={(types) => change({ types })} />
      <Field label={text('order')} hint={text('orderHint')}>
        {(field) => (
          <input
            {...field}
            autocomplete="off"
            value={choice.order}
            onInput={({ currentTarget }) => change({ order: currentTarget.value })}
          />
        )}
      </Field>
      <div class="actions">
        <ActionButton kind="primary" type="submit" busy={busy}>
          {text('count')}
        </ActionButton>
      </div>
      <p class="hint">{text(readOnly.value ? 'readOnly' : 'countHint')}</p>
    </form>
  );
}

function askOf({ to, types, order }: Choice, range: { from: string; until: string }): ReplayAsk {
  const id = order.trim();
  return { to, ...range, ...(types.length > 0 ? { types: [...types] } : {}), ...(id === '' ? {} : { order: id }) };
}

const TargetGroup = ({ label, targets }: { label: string; targets: readonly ReplayTarget[] }): JSX.Element | null =>
  targets.length === 0 ? null : (
    <optgroup label={label}>
      {targets.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </optgroup>
  );

type RangeProps = {
  choice: RangeFields;
  problem: RangeProblem | undefined;
  onChange: (next: Partial<Choice>) => void;
};

function Range({ choice, problem, onChange }: RangeProps): JSX.Element {
  const preset = (name: Preset) => onChange(presetRange(name, new Date()));
  const errorAt = (field: keyof RangeFields) => (problem?.field === field ? text(problem.problem) : undefined);
  return (
    <div class="replay-range">
      {(['from', 'until'] as const).map((name) => (
        <Field
          key={name}
          label={text(name)}
          hint={name === 'from' ? text('zone', { zone: zone() }) : text('untilHint')}
          error={errorAt(name)}
        >
          {(field) => (
            <input
              {...field}
              type="datetime-local"
              step={1}
              value={choice[name]}
              onInput={({ currentTarget }) => onChange({ [name]: currentTarget.value })}
            />
          )}
        </Field>
      ))}
      <div class="actions">
        <Button onClick={() => preset('hour')}>{text('lastHour')}</Button>
        <Button onClick={() => preset('day')}>{text('lastDay')}</Button>
      </div>
    </div>
  );
}

type TypesProps = { all: readonly string[]; chosen: readonly string[]; onChange: (types: string[]) => void };

/** Lists the types behind what is chosen of them: a consumer may get twenty, and most replays are of all. */
const Types = ({ all, chosen, onChange }: TypesProps): JSX.Element => (
  <details class="field">
    <summary>
      {text('types')}:{' '}
      {chosen.length === 0 ? text('allTypes') : text('someTypes', { n: chosen.length, all: all.length })}
    </summary>
    <fieldset class="replay-types" aria-label={text('types')}>
      {all.map((type) => (
        <label key={type} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(type)}
            onChange={({ currentTarget }) =>
              onChange(currentTarget.checked ? [...chosen, type] : chosen.filter((one) => one !== type))
            }
          />
          <span class="mono">{type}</span>
        </label>
      ))}
    </fieldset>
  </details>
);
