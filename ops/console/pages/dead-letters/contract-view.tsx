import type { JSX } from 'preact';
import type { ContractMember, LetterContract, PlacedProblem } from '../../api/dead-letters.ts';
import { allowedAt, memberPath } from './contract-words.ts';
import { text } from './messages.ts';

type Props = { contract: LetterContract | undefined; isJson: boolean; problems: readonly PlacedProblem[] };

/** Shows what a message should be, with the members that are wrong marked. */
export function ContractView({ contract, isJson, problems }: Props): JSX.Element {
  const wrong = new Set(problems.flatMap(({ path }) => (path === undefined ? [] : [memberPath(path)])));
  const wrongFirst = (one: ContractMember, other: ContractMember) =>
    Number(wrong.has(other.path)) - Number(wrong.has(one.path));
  return (
    <section class="contract" aria-labelledby="contract">
      <h2 id="contract">{text('contract')}</h2>
      {contract === undefined ? (
        <p class="muted">{text(isJson ? 'noContract' : 'contractUnknown')}</p>
      ) : (
        <>
          <p>{contract.description}</p>
          <p class="muted">{text('contractOf', { type: contract.type, file: contract.file })}</p>
          {/* What scrolls must be reachable by keyboard. */}
          <dl tabIndex={0} aria-labelledby="contract">
            {[...contract.members].sort(wrongFirst).map((member) => (
              <div key={member.path} class={wrong.has(member.path) ? 'wrong' : undefined}>
                <dt>
                  <code>{member.path}</code>{' '}
                  <span class="muted">{text(member.required ? 'required' : 'optional')}</span>
                </dt>
                <dd>
                  {allowedAt(member)}
                  {member.description !== undefined && <p class="muted">{member.description}</p>}
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}
