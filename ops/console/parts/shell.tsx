import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Button } from './button.tsx';
import { Confirmation } from './dialog.tsx';
import { language, setLanguage } from './language.ts';
import { connection, facts, live, readOnly } from './live.ts';
import { Link, path } from './router.tsx';
import { setTheme, theme } from './theme.ts';
import { words } from './words.ts';

const LINKS = [
  ['/map', 'map'],
  ['/orders', 'orders'],
  ['/dead-letters', 'deadLetters'],
  ['/traffic', 'traffic'],
  ['/replay', 'replay'],
  ['/audit', 'audit'],
] as const;

/** What every page has around it: navigation, the one sentence about the shop, and how the page is connected. */
export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  const lang = language.value;
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  return (
    <>
      <a class="skip" href="#page">
        {words('skip')}
      </a>
      <header>
        <div class="top">
          <nav aria-label={words('navigation')}>
            {LINKS.map(([href, key]) => (
              <Link key={href} href={href} current={path.value === href || path.value.startsWith(`${href}/`)}>
                {words(key)}
              </Link>
            ))}
          </nav>
          <Preferences />
        </div>
        <StatusLine />
      </header>
      <main id="page">{children}</main>
      <Footer />
      <Confirmation />
    </>
  );
}

function Preferences(): JSX.Element {
  const isDark = theme.value === 'dark';
  const other = language.value === 'en' ? '한국어' : 'English';
  return (
    <div class="preferences">
      <Button kind="quiet" onClick={() => setTheme(isDark ? 'light' : 'dark')}>
        {words(isDark ? 'light' : 'dark')}
      </Button>
      <Button kind="quiet" onClick={() => setLanguage(language.value === 'en' ? 'ko' : 'en')}>
        <span lang={language.value === 'en' ? 'ko' : 'en'}>{other}</span>
      </Button>
    </div>
  );
}

/** The sentence that `ops status` ends with, or why there is none. */
function StatusLine(): JSX.Element {
  const now = live.value;
  const isLost = connection.value === 'lost' || connection.value === 'ended';
  const tone =
    isLost || now?.error !== undefined ? 'bad' : now === undefined ? 'idle' : now.status?.ok ? 'good' : 'bad';
  const sentence = isLost
    ? words(connection.value === 'ended' ? 'ended' : 'lost')
    : (now?.error ?? now?.sentence ?? words('connecting'));
  return (
    <div class={`status-line ${tone}`}>
      <span class="dot" aria-hidden="true" />
      <p role="status">{sentence}</p>
      <span class="connection">{words(connection.value === 'ended' ? 'lost' : connectionWord())}</span>
    </div>
  );
}

function connectionWord(): 'connecting' | 'live' | 'paused' {
  return connection.value === 'live' || connection.value === 'paused' ? connection.value : 'connecting';
}

function Footer(): JSX.Element | null {
  const about = facts.value;
  if (about === undefined) return null;
  return (
    <footer class="bottom">
      <span>
        {about.stack}, {about.where}
      </span>
      {readOnly.value && <span>{words('readOnly')}</span>}
      {about.hourlyCost > 0 && <span>{words('cost', { cost: `US$${about.hourlyCost.toFixed(2)}` })}</span>}
    </footer>
  );
}
