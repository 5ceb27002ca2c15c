import type { JSX } from 'preact';
import { Page } from '../../parts/page.tsx';
import { Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';

export function TrafficPage(): JSX.Element {
  return (
    <Page title={words('traffic')}>
      <Loading />
    </Page>
  );
}
