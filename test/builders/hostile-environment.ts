import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { temporaryFolder } from '../harness/engine.ts';

/** Creates a home whose files name another account, another region, FIPS endpoints and another app's context; it ends with the test file. */
export function hostileHome(): string {
  const home = temporaryFolder('hostile-home');
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, '.aws'));
  const endpoint = 'endpoint_url = http://127.0.0.1:9';
  const settings = ['region = ap-northeast-2', 'use_fips_endpoint = true', 'use_dualstack_endpoint = true', endpoint];
  writeFileSync(join(home, '.aws', 'config'), ['[default]', ...settings, ''].join('\n'));
  const keys = ['aws_access_key_id = AKIAREAL', 'aws_secret_access_key = real'];
  writeFileSync(join(home, '.aws', 'credentials'), ['[default]', ...keys, ''].join('\n'));
  const context = { team: 'x', stage: 'prod', '@aws-cdk/core:bootstrapQualifier': 'theirs' };
  const cdk = { context, profile: 'nosuch', toolkitStackName: 'Theirs', output: '/nonexistent', plugin: ['nosuch'] };
  writeFileSync(join(home, '.cdk.json'), JSON.stringify(cdk));
  return home;
}

/** The variables of a person who works with AWS, a proxy, PostgreSQL and Python: each of them was once obeyed. */
export const hostileVariables = (home: string): Record<string, string> => ({
  HOME: home,
  AWS_PROFILE: 'nosuch',
  AWS_DEFAULT_PROFILE: 'nosuch',
  AWS_REGION: 'ap-northeast-2',
  AWS_DEFAULT_REGION: 'ap-northeast-2',
  AWS_ACCESS_KEY_ID: 'AKIAREAL',
  AWS_SECRET_ACCESS_KEY: 'real',
  AWS_SESSION_TOKEN: 'real',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_ENDPOINT_URL_SNS: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_CLOUDFORMATION: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9',
  AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
  AWS_DEFAULTS_MODE: 'nosuch',
  AWS_RETRY_MODE: 'adaptive',
  AWS_MAX_ATTEMPTS: '1',
  AWS_CA_BUNDLE: '/nonexistent',
  AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent',
  AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/theirs',
  CDK_DEBUG: 'true',
  CDK_PROFILE: 'nosuch',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  all_proxy: 'http://127.0.0.1:9',
  no_proxy: 'corp.example',
  npm_config_no_proxy: 'corp.example',
  NODE_USE_ENV_PROXY: '1',
  COLUMNS: '80',
  SHOP_TARGET: 'aws',
  SHOP_STACK_NAME: 'Theirs',
  STACK_NAME: 'Theirs',
  DEBUG: '*',
  ENGINE: 'innodb',
  PGSSLMODE: 'require',
  PGHOST: 'db.corp.example',
  PYTHONPATH: '/nonexistent',
  PIP_USER: '1',
  PIP_TARGET: '/nonexistent',
  PIP_PREFIX: '/nonexistent',
});
