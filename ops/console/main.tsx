import { type JSX, render } from 'preact';
import './style.css';
import { AuditPage } from './pages/audit/page.tsx';
import { GroupPage } from './pages/dead-letters/group-page.tsx';
import { LetterPage } from './pages/dead-letters/letter-page.tsx';
import { DeadLettersPage } from './pages/dead-letters/page.tsx';
import { MapPage } from './pages/map/page.tsx';
import { OrderPage, OrdersPage } from './pages/orders/page.tsx';
import { ReplayPage } from './pages/replay/page.tsx';
import { TrafficPage } from './pages/traffic/page.tsx';
import { connect } from './parts/live.ts';
import { Page } from './parts/page.tsx';
import { matchRoute, path, type Route } from './parts/router.tsx';
import { Shell } from './parts/shell.tsx';
import { words } from './parts/words.ts';

const ROUTES: readonly Route[] = [
  { pattern: '/map', page: () => <MapPage /> },
  { pattern: '/orders', page: () => <OrdersPage /> },
  { pattern: '/orders/:id', page: ({ id = '' }) => <OrderPage key={id} id={id} /> },
  { pattern: '/dead-letters', page: () => <DeadLettersPage /> },
  { pattern: '/dead-letters/group', page: () => <GroupPage /> },
  {
    pattern: '/dead-letters/letter/:consumer/:id',
    page: ({ consumer = '', id = '' }) => <LetterPage key={id} consumer={consumer} id={id} />,
  },
  { pattern: '/traffic', page: () => <TrafficPage /> },
  { pattern: '/replay', page: () => <ReplayPage /> },
  { pattern: '/audit', page: () => <AuditPage /> },
];

function Console(): JSX.Element {
  const page = matchRoute(ROUTES, path.value);
  return <Shell>{page === undefined ? <NoPage /> : page()}</Shell>;
}

const NoPage = (): JSX.Element => <Page title={words('notFound')}>{words('notFoundHint')}</Page>;

if (path.value === '/') {
  history.replaceState(null, '', '/map');
  path.value = '/map';
}
connect();
render(<Console />, document.body);
