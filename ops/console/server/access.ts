import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';

/** The secrets of one start: the token that the printed link has, and the session that a browser gets for it. */
export type Access = { token: string; session: string; port: number };

export const newAccess = (port: number): Access => ({
  token: randomBytes(24).toString('base64url'),
  session: randomBytes(24).toString('base64url'),
  port,
});

/** Browsers share cookies between the ports of a host, so each console has a name of its own. */
const cookieName = ({ port }: Access) => `console-${port}`;

/** Compares in a time that tells nothing about where two texts differ. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}

/** Names the address that a browser may ask at: the loopback of this machine alone, so that no name of somebody else's leads here. */
const isOwnHost = (host: string | undefined, port: number) =>
  host === `127.0.0.1:${port}` || host === `localhost:${port}` || host === `[::1]:${port}`;

/**
 * Refuses, with 403, what a page of another site or a name that was pointed at this machine (DNS rebinding) asks for.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export const onlyFromHere =
  ({ port }: Pick<Access, 'port'>): MiddlewareHandler =>
  async (context, next) => {
    const header = (name: string) => context.req.header(name);
    const host = header('host');
    const [origin, site] = [header('origin'), header('sec-fetch-site')];
    const isForeign =
      !isOwnHost(host, port) ||
      (origin !== undefined && origin !== `http://${host}`) ||
      (site !== undefined && site !== 'same-origin' && site !== 'none');
    if (isForeign)
      return context.json(
        { error: 'Only what runs on this machine is answered, under the address that the command printed.' },
        403,
      );
    return next();
  };

/** Answers 401 to whoever has not opened the link that the command printed; that link's token becomes a cookie and leaves the address. */
export const onlyWithLink =
  (access: Access): MiddlewareHandler =>
  async (context, next) => {
    const token = context.req.query('token');
    if (token !== undefined && context.req.method === 'GET' && isSame(token, access.token)) {
      setCookie(context, cookieName(access), access.session, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return context.redirect(context.req.path === '/' ? '/map' : context.req.path, 303);
    }
    const cookie = getCookie(context, cookieName(access));
    if (cookie !== undefined && isSame(cookie, access.session)) return next();
    return unauthorized(context);
  };

const UNAUTHORIZED = 'Open the link that `npm run console` printed: each start has a new one.';

const unauthorized = (context: Context) =>
  context.req.path.startsWith('/api/')
    ? context.json({ error: UNAUTHORIZED }, 401)
    : context.html(
        `<!doctype html><html lang="en"><title>Console</title><main><h1>Console</h1><p>${UNAUTHORIZED}</p></main></html>`,
        401,
      );

/** Allows the page its own script and style by a nonce, and nothing else: no frame, no form, nothing from or to another host. */
export const pageHeaders = (nonce: string): MiddlewareHandler =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: [`'nonce-${nonce}'`],
      styleSrc: [`'nonce-${nonce}'`],
      connectSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: 'no-referrer',
    crossOriginResourcePolicy: 'same-origin',
    crossOriginOpenerPolicy: 'same-origin',
    xFrameOptions: 'DENY',
    // There is no TLS on the loopback.
    strictTransportSecurity: false,
  });
