import type { ComponentChildren, JSX } from 'preact';
import { Button } from './button.tsx';
import type { ApiError } from './fetch.ts';
import { words } from './words.ts';

/** Shown until something was read for the first time. */
export const Loading = (): JSX.Element => (
  <p class="state" aria-busy="true">
    {words('loading')}
  </p>
);

/** Says that there is nothing, and what that means. */
export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element => (
  <div class="state">
    <p class="state-title">{title}</p>
    {children !== undefined && <p>{children}</p>}
  </div>
);

/** Says why something could not be read. */
export const Failed = ({ error, onRetry }: { error: ApiError; onRetry?: () => void }): JSX.Element => (
  <div class="state failed" role="alert">
    <p class="state-title">{words('failed')}</p>
    <p>{error.message}</p>
    {onRetry && <Button onClick={onRetry}>{words('tryAgain')}</Button>}
  </div>
);
