import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { localTarget } from '../../ops/aws-target.ts';
import { confirmChange, type Terminal } from '../../ops/confirm.ts';
import { assertTestOrdersAllowed } from '../../ops/orders/test-orders.ts';
import { requireSandbox } from '../../ops/sandbox/gateway.ts';
import { deployedShop } from '../../ops/stack.ts';

const sandbox = [{ OutputKey: 'SandboxGatewayTableName', OutputValue: 'sandbox' }];
const stack = {
  StackName: 'ShopMessaging-prod',
  StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/ShopMessaging-prod/1',
  Outputs: sandbox,
};
const credentials = { accessKeyId: 'AKIAREAL', secretAccessKey: 'real' };
const onAws = (outputs = sandbox) =>
  deployedShop(
    { local: false, where: 'AWS (eu-west-1)', config: { region: 'eu-west-1', credentials } },
    { ...stack, Outputs: outputs },
  );
const onEngine = (outputs = sandbox) => deployedShop(localTarget('http://127.0.0.1:9'), { Outputs: outputs });

/** Has CloudFormation answer every call with this, or refuse it. */
const templateIs = (answer: () => Promise<unknown>) =>
  vi.spyOn(CloudFormationClient.prototype, 'send').mockImplementation(answer);
const templateOfStage = (stage: string) =>
  templateIs(async () => ({ TemplateBody: JSON.stringify({ Metadata: { Settings: { stage } }, Resources: {} }) }));
afterEach(() => {
  vi.restoreAllMocks();
});

function terminal(answer?: string): { terminal: Terminal; said: () => Promise<string> } {
  const output = new PassThrough();
  const input = Object.assign(new PassThrough(), { isTTY: answer !== undefined });
  if (answer !== undefined) input.end(answer);
  // The edge to a terminal: only what `confirm` uses of it.
  return { terminal: { input: input as unknown as NodeJS.ReadStream, output }, said: () => text(output.end()) };
}

const WHERE = 'AWS account 111122223333, eu-west-1, stage prod, stack ShopMessaging-prod';

describe('A change on AWS', () => {
  test.each([
    ['y\n', true],
    ['yes\n', true],
    ['\n', false],
    ['no\n', false],
    ['', false],
  ])('is asked for after account, region, stage and stack; %j means %s', async (answer, expected) => {
    templateOfStage('prod');
    const asked = terminal(answer);
    expect(await confirmChange(onAws(), 'Cancel o-1?', {}, asked.terminal)).toBe(expected);
    expect(await asked.said()).toContain(`${WHERE}: Cancel o-1? [y/N]`);
  });

  test('is not asked for with --yes, which names them all the same', async () => {
    templateOfStage('prod');
    const asked = terminal();
    expect(await confirmChange(onAws(), 'Cancel o-1?', { yes: true }, asked.terminal)).toBe(true);
    expect(await asked.said()).toBe(`${WHERE}: Cancel o-1? --yes.\n`);
  });

  test('is refused where there is neither a terminal nor --yes', async () => {
    templateOfStage('prod');
    await expect(confirmChange(onAws(), 'Cancel o-1?', {}, terminal().terminal)).rejects.toThrow(
      `${WHERE}: Cancel o-1? There is no terminal to ask: say so with --yes.`,
    );
  });

  test('is asked for without the stage where the template cannot be read', async () => {
    templateIs(() => Promise.reject(new Error('not authorized')));
    await expect(confirmChange(onAws(), 'Cancel o-1?', {}, terminal().terminal)).rejects.toThrow(
      'eu-west-1, stage unknown, stack ShopMessaging-prod: Cancel o-1?',
    );
  });
});

describe('A change on an engine', () => {
  test('is asked for only where it always is, and reads nothing', async () => {
    const send = templateOfStage('local');
    expect(await confirmChange(onEngine(), 'Cancel o-1?', {}, terminal().terminal)).toBe(true);
    const asked = terminal('n\n');
    expect(await confirmChange(onEngine(), 'Discard 2?', { always: true }, asked.terminal)).toBe(false);
    expect(await asked.said()).toBe('Discard 2? [y/N] ');
    expect(await confirmChange(onEngine(), 'Discard 2?', { always: true, yes: true }, terminal().terminal)).toBe(true);
    await expect(confirmChange(onEngine(), 'Discard 2?', { always: true }, terminal().terminal)).rejects.toThrow(
      'Discard 2? There is no terminal to ask: say so with --yes.',
    );
    expect(send).not.toHaveBeenCalled();
  });
});

describe('Made-up orders', () => {
  test('are for a shop whose deployed gateway is the sandbox, wherever it runs', () => {
    for (const shop of [onEngine([]), onAws([])]) {
      expect(() => requireSandbox(shop, 'a drill')).toThrow(
        `The shop at ${shop.where} charges through a real payment gateway, and a drill is for the sandbox only: nothing was sent.`,
      );
      expect(() => assertTestOrdersAllowed(shop, { what: 'a load', phone: '+821012345678' })).toThrow('a load is for');
    }
    expect(() => requireSandbox(onAws(), 'a drill')).not.toThrow();
  });

  test('name who is texted on AWS', () => {
    expect(() => assertTestOrdersAllowed(onAws(), { what: 'a load' })).toThrow('On AWS texts are real');
    expect(() => assertTestOrdersAllowed(onAws(), { what: 'a load', phone: '+821012345678' })).not.toThrow();
    expect(() => assertTestOrdersAllowed(onEngine(), { what: 'a load' })).not.toThrow();
  });
});
