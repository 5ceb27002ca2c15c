import type { ComponentChildren, JSX } from 'preact';
import { readOnly } from './live.ts';

type Props = {
  kind?: 'primary' | 'secondary' | 'danger' | 'quiet';
  /** It was pressed, and is being done. */
  busy?: boolean;
  disabled?: boolean;
  type?: 'button' | 'submit';
  pressed?: boolean;
  label?: string;
  onClick?: (event: MouseEvent) => unknown;
  children: ComponentChildren;
};

/** A button that cannot be pressed twice while it is at work, and keeps the focus meanwhile. */
export function Button({
  kind = 'secondary',
  busy = false,
  disabled = false,
  type = 'button',
  pressed,
  label,
  onClick,
  children,
}: Props): JSX.Element {
  return (
    <button
      type={type}
      class={`button ${kind}`}
      disabled={disabled}
      {...(busy ? { 'aria-busy': true, 'aria-disabled': true } : {})}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      {...(label === undefined ? {} : { 'aria-label': label })}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {children}
    </button>
  );
}

/** A button that changes something; there is none while the console is read-only. */
export const ActionButton = (props: Props): JSX.Element | null => (readOnly.value ? null : <Button {...props} />);
