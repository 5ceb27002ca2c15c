import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { words } from './words.ts';

type Props = { title: string; intro?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren };

/** The content of a page, under its one heading. */
export function Page({ title, intro, actions, children }: Props): JSX.Element {
  const shown = `${title} – ${words('console')}`;
  useEffect(() => {
    document.title = shown;
  }, [shown]);
  return (
    <>
      <header class="page-header">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {intro !== undefined && <p class="intro">{intro}</p>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}
