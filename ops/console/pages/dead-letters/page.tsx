import type { JSX } from 'preact';
import { Page } from '../../parts/page.tsx';
import { Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';

export function DeadLettersPage(): JSX.Element {
  return (
    <Page title={words('deadLetters')}>
      <Loading />
    </Page>
  );
}

export function GroupPage(): JSX.Element {
  return (
    <Page title={words('deadLetters')}>
      <Loading />
    </Page>
  );
}

export function LetterPage({ id }: { consumer: string; id: string }): JSX.Element {
  return (
    <Page title={id}>
      <Loading />
    </Page>
  );
}
