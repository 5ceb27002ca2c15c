import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

/** The address that is shown. */
export const path = signal(location.pathname);
export const search = signal(location.search);

let mayLeave: () => Promise<boolean> = async () => true;

/** Has a page asked before it is left, as long as it has something unsent; call it without an argument when it has not. */
export function guardLeaving(ask?: () => Promise<boolean>): void {
  mayLeave = ask ?? (async () => true);
  window.onbeforeunload = ask === undefined ? null : (event) => event.preventDefault();
}

/** Shows another page. */
export async function navigate(to: string): Promise<void> {
  if (!(await mayLeave())) return;
  guardLeaving();
  history.pushState(null, '', to);
  show();
  window.scrollTo(0, 0);
  // A screen reader goes on with the new page.
  queueMicrotask(() => document.querySelector<HTMLElement>('h1')?.focus());
}

function show(): void {
  path.value = location.pathname;
  search.value = location.search;
}
window.addEventListener('popstate', show);

/** Returns a parameter of the address. */
export const query = (name: string): string | undefined => new URLSearchParams(search.value).get(name) ?? undefined;

type LinkProps = { href: string; current?: boolean; class?: string; children: ComponentChildren };

/** Leads to another page of the console without loading anew. */
export function Link({ href, current = false, children, ...props }: LinkProps): JSX.Element {
  const onClick = (event: MouseEvent) => {
    // A new tab or window is the browser's own business.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void navigate(href);
  };
  return (
    <a href={href} onClick={onClick} {...(current ? { 'aria-current': 'page' as const } : {})} {...props}>
      {children}
    </a>
  );
}

export type Route = { pattern: string; page: (parameters: Record<string, string>) => JSX.Element };

/** Finds the page of an address; `:name` in a pattern stands for one part of it, decoded. */
export function matchRoute(routes: readonly Route[], address: string): (() => JSX.Element) | undefined {
  const parts = address.split('/');
  for (const { pattern, page } of routes) {
    const wanted = pattern.split('/');
    if (wanted.length !== parts.length) continue;
    const isSame = wanted.every((one, index) => one.startsWith(':') || one === parts[index]);
    if (!isSame) continue;
    const named = wanted.flatMap((one, index) =>
      one.startsWith(':') ? [[one.slice(1), decodeURIComponent(parts[index] ?? '')]] : [],
    );
    return () => page(Object.fromEntries(named));
  }
  return undefined;
}
