import type { JSX } from 'preact';
import type { PlacedProblem } from '../../api/dead-letters.ts';
import { text } from './messages.ts';

// More lines than this nobody reads on a page, and each is an element.
const MAX_LINES = 1_000;

type Props = { body: string; problems: readonly PlacedProblem[] };

/** Shows a message line by line, each problem beside the line it is about. */
export function MessageView({ body, problems }: Props): JSX.Element {
  const lines = body.split('\n');
  const byLine = Map.groupBy(problems, ({ line }) => line);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="letter-message" tabIndex={0} aria-label={text('message')}>
      <ol>
        {lines.slice(0, MAX_LINES).map((line, index) => {
          const wrong = byLine.get(index + 1) ?? [];
          return (
            <li key={index} class={wrong.length > 0 ? 'wrong' : undefined}>
              <code>{line}</code>
              {wrong.map(({ path, problem }) => (
                <span key={problem} class="note">
                  {path}: {problem}
                </span>
              ))}
            </li>
          );
        })}
      </ol>
      {lines.length > MAX_LINES && <p class="muted">…</p>}
    </section>
  );
}
