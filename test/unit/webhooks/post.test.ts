import { promises as dns } from 'node:dns';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { poster, type Resolve } from '../../../lambdas/webhooks/post.ts';
import { type Answering, HostileServer } from '../../builders/hostile-server.ts';
import { loopbackCertificate } from '../../builders/loopback-certificate.ts';

const never = new AbortController().signal;
const LOOPBACK = [{ address: '127.0.0.1', family: 4 }];
const toLoopback: Resolve = async () => LOOPBACK;

/** Posts to a server that is allowed, by name. */
function post(
  url: string,
  { signal = never, resolve = toLoopback, allow }: { signal?: AbortSignal; resolve?: Resolve; allow?: string[] } = {},
) {
  const target = new URL(url);
  const allowed = allow ?? [target.host];
  const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' };
  return poster(allowed, resolve)({ url: target, headers, body: '{"a":1}', signal });
}

/** Posts to a server that answers so. */
async function answerOf(answering: Answering, options: Parameters<typeof post>[1] = {}) {
  await using server = await HostileServer.start({ '/hook': answering });
  return await post(`http://127.0.0.1:${server.port}/hook`, options);
}

/** Says that the server has begun to answer, so that nothing depends on how fast it is. */
function begun() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, resolve };
}

describe('A post', () => {
  test('sends its headers and body with POST to the path and query, on a connection that is not used again', async () => {
    await using server = await HostileServer.start({ '/hook': (response) => void response.writeHead(204).end() });
    const url = `http://localhost:${server.port}/hook?tenant=1`;
    expect(await post(url)).toEqual({ status: 204, retryAfter: undefined });
    expect(await post(url)).toMatchObject({ status: 204 });
    expect(server.received).toHaveLength(2);
    expect(server.connections).toBe(2);
    expect(server.received[0]).toMatchObject({
      path: '/hook?tenant=1',
      method: 'POST',
      body: '{"a":1}',
      headers: { host: `localhost:${server.port}`, connection: 'close', 'webhook-id': 'msg_1' },
    });
  });

  test.each([200, 301, 302, 307, 308, 400, 410, 429, 500, 503])('returns the status %i as it is', async (status) => {
    const answer = await answerOf(
      (response) => void response.writeHead(status, { location: '/hook', 'retry-after': '7' }).end(),
    );
    expect(answer).toEqual({ status, retryAfter: '7' });
  });

  test('takes no other protocol, and closes the connection, where the server offers one', async () => {
    await using server = await HostileServer.start({
      '/hook': (_, socket) =>
        void socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    });
    expect(await post(`http://127.0.0.1:${server.port}/hook`)).toEqual({ status: 101 });
    await vi.waitUntil(() => server.open === 0);
  });

  test('never follows a redirect, to this machine least of all', async () => {
    await using target = await HostileServer.start({});
    const answer = await answerOf(
      (response) => void response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` }).end(),
    );
    expect(answer.status).toBe(302);
    expect([target.received, target.connections]).toEqual([[], 0]);
  });

  test('takes the status for the answer where the body never ends, and closes the connection after some kilobytes', async () => {
    let kilobytes = 0;
    const answer = await answerOf((response) => {
      response.writeHead(200);
      const write = () => {
        kilobytes += 1;
        if (!response.destroyed) response.write('x'.repeat(1024), () => setImmediate(write));
      };
      write();
    });
    expect(answer).toMatchObject({ status: 200 });
    // Some more are under way when it is closed.
    expect(kilobytes).toBeLessThan(256);
  });

  test.each<[string, Answering]>([
    ['drips', (response) => void response.writeHead(200, { 'content-length': '100' }).write('x')],
    [
      'breaks off',
      (response, socket) => void response.writeHead(200, { 'content-length': '100' }).write('x', () => socket.end()),
    ],
  ])('takes the status for the answer where the body %s', async (_, answering) => {
    expect(await answerOf(answering)).toMatchObject({ status: 200 });
  });

  test.each<[string, string, Answering]>([
    ['closes before it answers', 'ECONNRESET', (_, socket) => socket.end()],
    ['resets before it answers', 'ECONNRESET', (_, socket) => socket.resetAndDestroy()],
    [
      'resets within the headers',
      'ECONNRESET',
      (_, socket) => void socket.write('HTTP/1.1 200 OK\r\nx: ', () => socket.resetAndDestroy()),
    ],
    [
      'sends huge headers',
      'HPE_HEADER_OVERFLOW',
      (_, socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
    ],
    ['speaks no HTTP', 'HPE_INVALID_CONSTANT', (_, socket) => void socket.write('220 mail.example ESMTP\r\n')],
  ])('fails where the server %s', async (_, code, answering) => {
    await expect(answerOf(answering)).rejects.toMatchObject({ code });
  });

  test('fails where nobody listens', async () => {
    const port = await HostileServer.start({}).then(async (server) => {
      const { port } = server;
      await server[Symbol.asyncDispose]();
      return port;
    });
    await expect(post(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.each<[string, (response: Parameters<Answering>[0], socket: Parameters<Answering>[1]) => void]>([
    ['answers nothing', () => {}],
    ['stops within the headers', (_, socket) => void socket.write('HTTP/1.1 200 OK\r\nx: ')],
  ])('ends with its signal, and closes its connection, where the server %s', async (_, answering) => {
    const { promise, resolve } = begun();
    await using server = await HostileServer.start({
      '/hook': (response, socket) => {
        answering(response, socket);
        resolve();
      },
    });
    const controller = new AbortController();
    const posting = post(`http://127.0.0.1:${server.port}/hook`, { signal: controller.signal });
    await promise;
    controller.abort();
    await expect(posting).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitUntil(() => server.open === 0);
  });

  test('ends with its signal where the name was resolved too late', async () => {
    await using server = await HostileServer.start({});
    await expect(post(`http://127.0.0.1:${server.port}/`, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(server.connections).toBe(0);
  });
});

describe('An address', () => {
  test('is resolved once for a call, so that a name cannot be public when it is judged and private when it is called', async () => {
    await using server = await HostileServer.start({});
    const answers = [[{ address: '192.0.66.2', family: 4 }], LOOPBACK];
    const resolve = vi.fn<Resolve>(async () => answers.shift() ?? LOOPBACK);
    const controller = new AbortController();
    // It would connect to the public address now.
    const posting = post(`https://rebinding.example:${server.port}/`, {
      resolve,
      signal: controller.signal,
      allow: [],
    });
    controller.abort();
    await expect(posting).rejects.toThrow();
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(server.connections).toBe(0);
  });

  test('is the one that was judged, whatever the name resolves to elsewhere', async () => {
    await using server = await HostileServer.start({ '/': (response) => void response.writeHead(200).end() });
    const resolve = vi.fn(toLoopback);
    expect(await post(`http://no-such-host.invalid:${server.port}/`, { resolve })).toMatchObject({ status: 200 });
    expect(resolve.mock.calls).toEqual([['no-such-host.invalid']]);
    expect(server.received[0]?.headers.host).toBe(`no-such-host.invalid:${server.port}`);
  });

  test('is looked up once for all calls to a host at the same time, and again for the next', async () => {
    await using server = await HostileServer.start({ '/': (response) => void response.writeHead(200).end() });
    const lookup = vi.spyOn(dns, 'lookup');
    const url = new URL(`http://localhost:${server.port}/`);
    const call = poster([url.host]);
    const request = { url, headers: {}, body: '', signal: never };
    await Promise.all([call(request), call(request), call(request)]);
    expect(lookup).toHaveBeenCalledTimes(1);
    await call(request);
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  test('is not called where one of several is private', async () => {
    await using server = await HostileServer.start({});
    const resolve: Resolve = async () => [{ address: '192.0.66.2', family: 4 }, ...LOOPBACK];
    await expect(post(`https://mixed.example:${server.port}/`, { resolve, allow: [] })).rejects.toMatchObject({
      name: 'AddressRefusedError',
    });
    expect(server.connections).toBe(0);
  });

  test.each(['127.0.0.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'])(
    'of this machine is not called, written as %s',
    async (host) => {
      await using server = await HostileServer.start({});
      const posting = poster([])({
        url: new URL(`https://${host}:${server.port}/secret?token=1`),
        headers: {},
        body: '',
        signal: never,
      });
      await expect(posting).rejects.toMatchObject({
        name: 'AddressRefusedError',
        message: expect.not.stringContaining('token'),
      });
      expect(server.connections).toBe(0);
    },
  );
});

describe('A server with TLS', () => {
  const accepting = { '/': (response: Parameters<Answering>[0]) => void response.writeHead(200).end() };

  test('gets nothing where nobody vouches for its certificate', async () => {
    await using server = await HostileServer.start(accepting, loopbackCertificate);
    await expect(post(`https://localhost:${server.port}/`)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(server.received).toEqual([]);
  });

  describe('that the machine trusts', () => {
    const trusting = async (work: () => Promise<void>) => {
      const before = getCACertificates('default');
      setDefaultCACertificates([...before, loopbackCertificate.cert]);
      try {
        await work();
      } finally {
        setDefaultCACertificates(before);
      }
    };

    test('gets the post', () =>
      trusting(async () => {
        await using server = await HostileServer.start(accepting, loopbackCertificate);
        expect(await post(`https://localhost:${server.port}/`)).toMatchObject({ status: 200 });
      }));

    test('gets nothing under a name that is not in its certificate', () =>
      trusting(async () => {
        await using server = await HostileServer.start(accepting, loopbackCertificate);
        await expect(post(`https://erp.example:${server.port}/`)).rejects.toMatchObject({
          code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        });
        expect(server.received).toEqual([]);
      }));
  });
});
