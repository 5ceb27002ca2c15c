import type { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { localTarget } from '../../../ops/aws-target.ts';
import { reportFatalError } from '../../../ops/output.ts';
import { pauseCommand, resumeCommand } from '../../../ops/pause/command.ts';
import { pauseConsumer, readPauseState } from '../../../ops/pause/pause.ts';
import { deployedShop } from '../../../ops/stack.ts';
import { type Answer, type SentRequest, standInForAws } from '../../harness/aws-stand-in.ts';

const ARN = 'arn:aws:sts::111122223333:assumed-role/Ops/jane@example.com';
const outputs = {
  PaymentQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/Payment',
  PaymentDeadLetterQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/PaymentDead',
};
const stack = `<Stacks><member><StackName>ShopMessaging</StackName>
  <StackId>arn:aws:cloudformation:eu-west-1:111122223333:stack/ShopMessaging/1</StackId>
  <StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T09:00:00Z</CreationTime>
  <Outputs>${Object.entries(outputs)
    .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
    .join('')}</Outputs></member></Stacks>`;

/** The answers of a shop whose payment has one mapping. `states` are those that it goes through once it is told to change. */
function shopAnswers(states: string[], changes: string[] = []): Record<string, Answer> {
  let state = states.shift();
  let tags: Record<string, string> = {};
  return {
    DescribeStacks: stack,
    GetTemplate: '<TemplateBody>{"Metadata":{"Settings":{"stage":"prod"}},"Resources":{}}</TemplateBody>',
    GetCallerIdentity: `<Arn>${ARN}</Arn>`,
    GetQueueAttributes: { Attributes: { QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:Payment' } },
    GetMetricData: { MetricDataResults: [] },
    ListQueueTags: () => ({ Tags: tags }),
    TagQueue: ({ body }: SentRequest) => {
      tags = { ...tags, ...JSON.parse(body).Tags };
      changes.push('record');
      return {};
    },
    UntagQueue: () => {
      tags = {};
      changes.push('no record');
      return {};
    },
    // Lambda's calls are told apart by their body: this one has none.
    unknown: ({ body }: SentRequest) => {
      if (body === '') {
        const shown = { UUID: 'u-1', State: state, ScalingConfig: { MaximumConcurrency: 10 } };
        if (state?.endsWith('ing')) state = states.shift();
        return { EventSourceMappings: [shown] };
      }
      if (states.length === 0) throw new Error('not allowed: UpdateEventSourceMapping');
      state = states.shift();
      changes.push(JSON.parse(body).Enabled ? 'enable' : 'disable');
      return {};
    },
  };
}

async function run(command: Command, ...args: string[]): Promise<{ code: number; said: string; printed: string }> {
  const [said, printed]: [string[], string[]] = [[], []];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(console, 'error').mockImplementation((text) => said.push(`${text}\n`));
  await command.parseAsync(args, { from: 'user' }).catch(reportFatalError);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, said: said.join(''), printed: printed.join('') };
}
const pause = ['payment', '--reason', 'charges twice, #12', '--aws'];

beforeEach(() => {
  const real = { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real', AWS_REGION: 'eu-west-1' };
  const none = { AWS_ENDPOINT_URL: '', SHOP_TARGET: '', AWS_PROFILE: '' };
  for (const [name, value] of Object.entries({ ...real, ...none })) vi.stubEnv(name, value || undefined);
  Object.defineProperty(process.stdin, 'isTTY', { value: false, configurable: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test.each([
  ['Pause payment?', () => pauseCommand(), pause, 'Enabled'],
  ['Resume payment?', () => resumeCommand(), ['payment', '--aws'], 'Disabled'],
] as const)(
  'On AWS "%s" is asked with account, region, stage and stack, before anything is changed',
  async (question, make, args, state) => {
    const changes: string[] = [];
    standInForAws(shopAnswers([state], changes));
    const { code, said } = await run(make(), ...args);
    expect(said).toContain(`AWS account 111122223333, eu-west-1, stage prod, stack ShopMessaging: ${question}`);
    expect(said).toContain('say so with --yes');
    expect({ code, changes }).toEqual({ code: 1, changes: [] });
  },
);

test('A pause is recorded with the ARN of the caller, before the mapping is disabled, and only once', async () => {
  const changes: string[] = [];
  standInForAws(shopAnswers(['Enabled', 'Disabled'], changes));
  const { code, printed } = await run(pauseCommand(), ...pause, '--yes', '--json');
  expect(JSON.parse(printed)).toMatchObject({
    consumer: 'payment',
    changed: true,
    paused: { by: ARN, reason: 'charges twice, #12', since: expect.stringMatching(/^20.*Z$/) },
  });
  expect({ code, changes }).toEqual({ code: 0, changes: ['record', 'disable'] });
  // Nothing changes, so nothing is asked.
  const again = await run(pauseCommand(), ...pause);
  expect(again.printed).toMatch(/^payment is already paused by arn:.*: "charges twice, #12"\. Nothing was changed\.$/m);
  expect({ code: again.code, changes }).toEqual({ code: 0, changes: ['record', 'disable'] });
});

test('A pause that AWS refuses leaves no record', async () => {
  const changes: string[] = [];
  standInForAws(shopAnswers(['Enabled'], changes));
  const { code, said } = await run(pauseCommand(), ...pause, '--yes');
  expect(said).toContain('not allowed: UpdateEventSourceMapping');
  expect({ code, changes }).toEqual({ code: 1, changes: ['record', 'no record'] });
});

test('A pause is over once the mapping is enabled, and its record goes last', async () => {
  const changes: string[] = [];
  standInForAws(shopAnswers(['Enabled', 'Disabled', 'Enabled'], changes));
  await run(pauseCommand(), ...pause, '--yes');
  const { code, printed } = await run(resumeCommand(), 'payment', '--aws', '--yes', '--json');
  expect(JSON.parse(printed)).toEqual({ consumer: 'payment', changed: true, waiting: 0, estimatedSeconds: 0 });
  expect({ code, changes }).toEqual({ code: 0, changes: ['record', 'disable', 'enable', 'no record'] });
});

test('A consumer is paused only when its mapping is Disabled: one that is Disabling still takes messages', async () => {
  const changes: string[] = [];
  const states = ['Enabled', 'Disabling', 'Disabling', 'Disabled'];
  standInForAws(shopAnswers(states, changes));
  const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), { Outputs });
  await pauseConsumer(shop, await readPauseState(shop, 'payment'), { by: 'jane', since: '2026', reason: 'x' });
  expect(states).toEqual([]);
  expect((await readPauseState(shop, 'payment')).mappings).toMatchObject([{ state: 'Disabled' }]);
  expect(changes).toEqual(['record', 'disable']);
});
