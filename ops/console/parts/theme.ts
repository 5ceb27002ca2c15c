import { effect, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const KEY = 'theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

function initial(): Theme {
  const stored = localStorage.getItem(KEY);
  if (stored === 'light' || stored === 'dark') return stored;
  return dark.matches ? 'dark' : 'light';
}

/** The theme of the page: the system's, until one is chosen. */
export const theme = signal<Theme>(initial());

dark.addEventListener('change', () => {
  if (localStorage.getItem(KEY) === null) theme.value = dark.matches ? 'dark' : 'light';
});

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

/** Chooses a theme, for the next visit too. */
export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
}
