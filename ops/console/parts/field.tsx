import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

type Described = { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean };
type Props = {
  label: string;
  hint?: string;
  error?: string | undefined;
  children: (field: Described) => ComponentChildren;
};

/** A labelled input; what is said below it is read with it: `<Field label="Orders">{(field) => <input {...field} />}</Field>`. */
export function Field({ label, hint, error, children }: Props): JSX.Element {
  const id = useId();
  const below = error ?? hint;
  const described = below === undefined ? {} : { 'aria-describedby': `${id}-below` };
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, ...described, ...(error === undefined ? {} : { 'aria-invalid': true }) })}
      {below !== undefined && (
        <p id={`${id}-below`} class={error === undefined ? 'hint' : 'hint wrong'}>
          {below}
        </p>
      )}
    </div>
  );
}
