import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.tsx';
import { words } from './words.ts';

type DialogProps = {
  title: string;
  open: boolean;
  onClose: () => void;
  /** Called by its form: Enter in a field, or the button of type `submit` among the actions. */
  onSubmit?: () => unknown;
  actions: ComponentChildren;
  children?: ComponentChildren;
};

/** A modal dialog; the browser keeps the focus inside, closes it with Escape, and gives the focus back. */
export function Dialog({ title, open, onClose, onSubmit, actions, children }: DialogProps): JSX.Element | null {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open && element.current?.open === false) element.current.showModal();
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <h2 id={id}>{title}</h2>
        <div class="dialog-body">{children}</div>
        <div class="actions">{actions}</div>
      </form>
    </dialog>
  );
}

type Question = { title: string; text: string; action: string; danger?: boolean };

const asked = signal<(Question & { answer: (yes: boolean) => void }) | undefined>(undefined);

/** Asks before something is done; `action` is the word on the button that does it. */
export const confirmDialog = (question: Question): Promise<boolean> =>
  new Promise((resolve) => {
    asked.value?.answer(false);
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = undefined;
        resolve(yes);
      },
    };
  });

/** Shows what `confirmDialog` asks; the shell has one. */
export function Confirmation(): JSX.Element | null {
  const question = asked.value;
  if (question === undefined) return null;
  const { title, text, action, danger = false, answer } = question;
  return (
    <Dialog
      title={title}
      open
      onClose={() => answer(false)}
      onSubmit={() => answer(true)}
      actions={
        <>
          <Button onClick={() => answer(false)}>{words('cancel')}</Button>
          <Button kind={danger ? 'danger' : 'primary'} type="submit">
            {action}
          </Button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}
