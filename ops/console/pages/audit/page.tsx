import type { JSX } from 'preact';
import { Page } from '../../parts/page.tsx';
import { Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';

export function AuditPage(): JSX.Element {
  return (
    <Page title={words('audit')}>
      <Loading />
    </Page>
  );
}
