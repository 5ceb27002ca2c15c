import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { engineClientConfig } from '../../../localstack/environment.ts';
import { cdkEnvironment } from '../../../ops/cdk.ts';
import { hostileHome, hostileVariables } from '../../builders/hostile-environment.ts';

const home = hostileHome();
const hostile = hostileVariables(home);
const namesOfAws = (env: NodeJS.ProcessEnv) => Object.keys(env).filter((name) => /^AWS_/.test(name));

beforeEach(() => {
  for (const [name, value] of Object.entries(hostile)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('CDK deploys to an engine without the home of whoever runs it, and so without ~/.cdk.json', () => {
  const env = cdkEnvironment(engineClientConfig('http://127.0.0.1:4567'));
  expect(env.HOME).toMatch(/\.local\/cdk-home$/);
  expect(env).toMatchObject({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4567', AWS_ACCESS_KEY_ID: 'test' });
  expect(env).toMatchObject({ no_proxy: expect.stringContaining('127.0.0.1') });
  expect(env).not.toHaveProperty('CDK_PROFILE');
});

test('CDK synthesises without credentials, whichever account the stack is for', () => {
  const env = cdkEnvironment(undefined);
  expect(env.HOME).toMatch(/\.local\/cdk-home$/);
  expect(namesOfAws(env).sort()).toEqual([
    'AWS_CONFIG_FILE',
    'AWS_EC2_METADATA_DISABLED',
    'AWS_SHARED_CREDENTIALS_FILE',
  ]);
});

test('CDK deploys to AWS with the own set-up of whoever runs it', () => {
  const env = cdkEnvironment({ region: 'ap-northeast-2' });
  expect(env).toMatchObject({ HOME: home, AWS_PROFILE: 'nosuch', AWS_USE_FIPS_ENDPOINT: 'true' });
  expect(namesOfAws(env)).toEqual(expect.arrayContaining(namesOfAws(hostile)));
});
