import { describe, expect, it } from 'vitest';
import { newAccess } from '../../../ops/console/server/access.ts';
import { consoleApp } from '../../../ops/console/server/app.ts';
import type { Console } from '../../../ops/console/server/console.ts';
import { Jobs } from '../../../ops/console/server/jobs.ts';

const access = newAccess(4_680);
const host = `127.0.0.1:${access.port}`;
const headers = { host, cookie: `console-${access.port}=${access.session}` };

/** A console of a shop on AWS that nobody allowed to do anything; whatever reached the shop would fail. */
const looking = {
  actionsAllowed: false,
  revealAllowed: false,
  bodiesShown: false,
  jobs: new Jobs(),
  log: {
    path: '',
    write: () => {
      throw new Error('Something was done.');
    },
  },
} as unknown as Console;
const app = consoleApp(looking, access, async () => ({ script: '', style: '' }));
const changing = [...new Set(app.routes.flatMap(({ method, path }) => (method === 'POST' ? [path] : [])))];

describe('a console that may only look', () => {
  it('has actions to refuse', () => expect(changing.length).toBeGreaterThan(5));

  it.each(changing)('refuses %s with 403', async (path) => {
    const address = `http://${host}${path.replaceAll(/:\w+/g, 'x')}`;
    const answer = await app.request(address, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ error: expect.stringContaining('--allow-actions') });
  });

  it('has no other way to change something', () => {
    const methods = new Set(app.routes.map(({ method }) => method));
    expect([...methods].sort()).toEqual(['ALL', 'GET', 'POST']);
  });
});
