import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stripeCaller } from '../../../lambdas/payment/stripe-caller.ts';
import { stripeGateway } from '../../../lambdas/payment/stripe-gateway.ts';
import { openFence } from '../../../lambdas/runtime/fence.ts';
import { localFolder } from '../../../localstack/engines.ts';

// stripe-mock has Stripe's published OpenAPI description in it, which no npm package has. It validates every parameter but is stateless,
// so it checks that calls are well formed.
const VERSION = 'v0.203.0';
const folder = join(localFolder, `stripe-mock-${VERSION}`);
const program = join(folder, 'stripe-mock');

/** Builds stripe-mock on first use; returns why it is not available, if so. */
async function missingReason(): Promise<string | undefined> {
  if (existsSync(program)) return undefined;
  const run = promisify(execFile);
  try {
    await run('go', ['version']);
  } catch {
    return 'there is no Go on this machine';
  }
  try {
    await mkdir(folder, { recursive: true });
    const env = { ...process.env, GOBIN: folder, GOTOOLCHAIN: 'local' };
    await run('go', ['install', `github.com/stripe/stripe-mock@${VERSION}`], { env, timeout: 100_000 });
    return undefined;
  } catch (error) {
    return `stripe-mock ${VERSION} could not be built: ${String(error).slice(0, 300)}`;
  }
}

/** Starts stripe-mock on a free port and returns its address. */
async function startMock(): Promise<{ host: string; port: number; protocol: 'http' }> {
  const local = '127.0.0.1:0';
  const mock = spawn(program, ['-http-addr', local, '-https-addr', local], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void mock.kill());
  return new Promise((resolve, reject) => {
    let output = '';
    mock.stdout.on('data', (chunk) => {
      output += chunk;
      const port = /for HTTP at address: 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve({ host: '127.0.0.1', port: Number(port), protocol: 'http' });
    });
    mock.once('exit', () => reject(new Error(`stripe-mock ended: ${output}`)));
  });
}

describe('stripe-mock', () => {
  test('accepts every call the gateway makes and rejects an invalid one', async (context) => {
    const reason = await missingReason();
    if (reason !== undefined) {
      console.warn(`skipped: ${reason}`);
      context.skip(reason);
    }
    const connect = stripeCaller(async () => 'sk_test_123', await startMock());
    const gateway = stripeGateway(connect, 'ShopMessaging-prod');
    const calls = connect(openFence);
    const money = { amount: 12_000, currency: 'KRW' };
    const since = new Date().toISOString();
    const known = { reference: 'pi_1' };
    // All its payment intents are alike, and none is authorized.
    for (const token of ['pm_card_visa', 'tok_visa', 'cus_1/pm_card_visa'])
      expect(await gateway.authorize({ orderId: 'o-1', token, money }, {}, openFence)).toMatchObject({
        kind: 'declined',
      });
    expect(await gateway.find('o-1', {}, openFence)).toEqual({ refunds: [] });
    expect(await gateway.find('o-1', { reference: 'pi_1' }, openFence)).toMatchObject({ refunds: [] });
    for (const what of [known, {}])
      expect(await gateway.capture('o-1', money, what, openFence)).toEqual({
        kind: 'lapsed',
        reason: 'not_authorized',
      });
    for (const what of [known, { money, since }])
      expect(await gateway.void('o-1', what, openFence)).toEqual({ kind: 'voided', released: false });
    expect(await gateway.refund('o-1', 'cancel', money, known, openFence)).toMatchObject({ kind: 'refused' });

    // What the gateway calls only for an intent that is authorized or captured.
    const metadata = { order: 'ShopMessaging-prod/o-1', orderId: 'o-1' };
    const key = { idempotencyKey: 'key' };
    const capture = { amount_to_capture: 12_000, metadata };
    await calls(({ paymentIntents }) => paymentIntents.update('pi_1', { metadata }));
    await calls(({ paymentIntents }) => paymentIntents.capture('pi_1', capture, key));
    await calls(({ refunds }) => refunds.list({ payment_intent: 'pi_1', limit: 100 }));
    const refund = { payment_intent: 'pi_1', amount: 12_000, metadata: { ...metadata, refundId: 'cancel' } };
    await calls(({ refunds }) => refunds.create(refund, key));

    const wrong = { amount: 1, currency: 'krw', no_such_thing: true };
    await expect(calls(({ paymentIntents }) => paymentIntents.create(wrong as never))).rejects.toThrow(
      /Request validation error/,
    );
  }, 120_000);
});
