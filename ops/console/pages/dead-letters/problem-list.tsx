import type { JSX } from 'preact';
import type { PlacedProblem } from '../../api/dead-letters.ts';
import { Button } from '../../parts/button.tsx';
import { text } from './messages.ts';

type Props = {
  problems: readonly PlacedProblem[];
  /** What is said where there are none. */
  right: string;
  /** Leads to a line of what is edited. */
  onGo?: (line: number) => void;
};

/** The list of problems; empty, with a word below it, where there are none. */
export const ProblemList = ({ problems, right, onGo }: Props): JSX.Element => (
  <section class="letter-problems">
    <h2 id="problems">{text('problems')}</h2>
    {/* biome-ignore lint/a11y/noRedundantRoles: without its bullets a list is none to Safari. */}
    <ul role="list" aria-labelledby="problems" aria-live="polite">
      {problems.map(({ path, problem, line }) => (
        <li key={`${path} ${problem}`}>
          {path !== undefined && <code>{path}</code>} {problem}
          {line !== undefined && onGo !== undefined && (
            <Button kind="quiet" onClick={() => onGo(line)}>
              {text('line', { line })}
            </Button>
          )}
          {line !== undefined && onGo === undefined && <span class="muted"> ({text('line', { line })})</span>}
        </li>
      ))}
    </ul>
    {problems.length === 0 && <p class="muted">{right}</p>}
  </section>
);
