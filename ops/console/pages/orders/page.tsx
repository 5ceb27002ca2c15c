import type { JSX } from 'preact';
import { Page } from '../../parts/page.tsx';
import { Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';

export function OrdersPage(): JSX.Element {
  return (
    <Page title={words('orders')}>
      <Loading />
    </Page>
  );
}

export function OrderPage({ id }: { id: string }): JSX.Element {
  return (
    <Page title={id}>
      <Loading />
    </Page>
  );
}
