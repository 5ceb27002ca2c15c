import { expect, test } from 'vitest';
import { hindrances } from '../../../ops/console/server/traffic.ts';

const here = { sandbox: true, local: true, gatewayDown: false, running: false };

test('On an engine with the sandbox a load and a drill may be started', () => {
  expect(hindrances(here)).toEqual({ load: null, drill: null });
});

test.each([
  [{ sandbox: false }, { load: 'real-gateway', drill: 'real-gateway' }],
  [{ local: false }, { load: 'real-texts', drill: 'not-local' }],
  [{ running: true }, { load: 'running', drill: 'running' }],
  [{ gatewayDown: true }, { load: null, drill: 'gateway-down' }],
  // What can never be started here comes before what only has to end.
  [
    { sandbox: false, running: true },
    { load: 'real-gateway', drill: 'real-gateway' },
  ],
] as const)('With %o they may be started or not, and the page knows why', (difference, expected) => {
  expect(hindrances({ ...here, ...difference })).toEqual(expected);
});
