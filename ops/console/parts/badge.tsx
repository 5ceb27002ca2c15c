import type { ComponentChildren, JSX } from 'preact';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'idle';

/** A state in words; its colour says the same once more. */
export const Badge = ({ tone, children }: { tone: Tone; children: ComponentChildren }): JSX.Element => (
  <span class={`badge ${tone}`}>{children}</span>
);
