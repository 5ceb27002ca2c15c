import { describe, expect, test } from 'vitest';
import { formatEndpoints, listEndpoints } from '../../ops/webhooks/list.ts';
import { adviceFor } from '../../ops/webhooks/test-endpoint.ts';

const endpoint = (url: string) => ({ url, events: ['shop.order.confirmed.v1'], secret: 'erp-signing' });
const SINCE = '2026-11-24T09:00:00.000Z';
const records = new Map([
  ['gone', { endpoint: 'gone', disabledAt: SINCE, disabledReason: 'it answered 410 Gone' }],
  ['slow', { endpoint: 'slow', failingSince: SINCE }],
]);

describe('The list of endpoints', () => {
  const listed = listEndpoints(
    {
      slow: endpoint('https://slow.example/in'),
      gone: endpoint('https://gone.example/in'),
      erp: endpoint('https://erp.example/in?key=hidden'),
    },
    records,
  );

  test('names them in order, and shows neither a key in the address nor the name of the secret', () => {
    expect(listed.map(({ name, enabled, url }) => ({ name, enabled, url }))).toEqual([
      { name: 'erp', enabled: true, url: 'https://erp.example/in' },
      { name: 'gone', enabled: false, url: 'https://gone.example/in' },
      { name: 'slow', enabled: true, url: 'https://slow.example/in' },
    ]);
    expect(JSON.stringify(listed)).not.toMatch(/hidden|erp-signing/);
  });

  test('says since when one fails, why one is disabled, and which command enables it', () => {
    const text = formatEndpoints(listed);
    expect(text).toMatch(/slow +failing since/);
    expect(text).toContain('2 endpoints are enabled.');
    expect(text).toContain('gone is disabled: it answered 410 Gone.');
    expect(text).toContain('npm run ops -- webhooks enable gone');
  });
});

test.each([
  [{ ok: true, status: 204 }, undefined],
  [{ ok: false, status: 401 }, /signature/],
  [{ ok: false, status: 404 }, /address/],
  [{ ok: false, status: 302 }, /Redirects are not followed/],
  [{ ok: false, status: 500 }, /Its server failed/],
  [{ ok: false, error: 'The endpoint erp gave no answer: ECONNREFUSED' }, /address/],
  [{ ok: false, error: 'The secret of endpoint erp could not be read: ResourceNotFoundException' }, /Secrets Manager/],
])('A test event with the answer %j is followed by advice', (answer, advice) => {
  const given = adviceFor({ milliseconds: 3, webhookId: 'msg_1', ...answer });
  if (advice === undefined) expect(given).toBeUndefined();
  else expect(given).toMatch(advice);
});
