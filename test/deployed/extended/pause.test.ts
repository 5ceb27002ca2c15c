import '../provided.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UntagQueueCommand } from '@aws-sdk/client-sqs';
import { expect, inject, onTestFinished, test } from 'vitest';
import { synthesize } from '../../../ops/deploy/assembly.ts';
import { deployPrepared } from '../../../ops/deploy/deploy.ts';
import { restorePauses } from '../../../ops/deploy/pauses.ts';
import { prepareDeployment } from '../../../ops/deploy/prepare.ts';
import { readPauses } from '../../../ops/pause/paused-consumers.ts';
import { STACK_NAME } from '../../../ops/stack.ts';
import { statusCollector } from '../../../ops/status/collect.ts';
import local from '../../../settings/local.json' with { type: 'json' };
import {
  chargesOf,
  decided,
  depth,
  eventually,
  placed,
  publish,
  queueUrl,
  setReceiving,
  setStock,
  shop,
  sqs,
  testOrder,
  waitForEmptyQueues,
} from '../deployed-shop.ts';
import { runOps } from '../ops.ts';
import { contextOf, suiteSettings } from '../suite-settings.ts';

const REASON = 'charges twice, see #12: 확인 중';

const paymentStatus = async () => (await statusCollector(shop)()).consumers.find(({ name }) => name === 'payment');
const work = { signal: new AbortController().signal, onProgress: () => {} };

let deployments = 0;

/** Deploys the shop again, with more memory and less concurrency of payment: its function and its event source mapping change. */
async function deployChange() {
  deployments += 1;
  const folder = await mkdtemp(join(tmpdir(), 'shop-messaging-pause-'));
  try {
    const payment = { memory: 640 + deployments, concurrency: 10 - deployments };
    // Everything else stays as it is.
    const consumers = JSON.stringify({ ...local.consumers, payment });
    const context = { ...contextOf(suiteSettings(inject('webhookPort'))), stackName: STACK_NAME, consumers };
    const input = { stage: 'local', context };
    await synthesize(input, folder, work);
    const notices: string[] = [];
    const onProgress = (event: { kind: string; text?: string }) => notices.push(event.text ?? '');
    const preparation = await prepareDeployment(shop, {
      input: { ...input, stackName: STACK_NAME },
      app: folder,
      confirmations: { change: [], replace: [] },
      planOnly: false,
      ...work,
    });
    const { hops } = await deployPrepared(preparation, { ...work, onProgress, watch: false });
    return { notices, hops, plan: preparation.plan };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('a paused consumer takes nothing, over a deployment too, and once resumed handles what waited', async () => {
  onTestFinished(async () => {
    await runOps('resume', 'payment');
  });
  await waitForEmptyQueues();
  const paused = await runOps('pause', 'payment', '--reason', REASON);
  expect(paused, paused.said).toMatchObject({ code: 0, result: { changed: true, paused: { reason: REASON } } });
  const { by, since } = paused.result.paused;
  const again = await runOps('pause', 'payment', '--reason', REASON);
  expect(again, again.said).toMatchObject({ code: 0, result: { changed: false, paused: { by, since } } });

  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  await eventually('its message waits', async () => (await depth(queueUrl('payment'))).waiting === 1, 120);
  await eventually('status says by whom, since when, why, and until when', async () => {
    const { paused: seen, oldestSeconds } = (await paymentStatus()) ?? {};
    return (
      seen?.reason === REASON && seen.by === by && seen.resumeBy && seen.ordersCancelledFrom && (oldestSeconds ?? 0) > 0
    );
  });

  const { notices, hops, plan } = await deployChange();
  expect(plan.changed).toBeGreaterThanOrEqual(2);
  expect(notices.join('\n')).toMatch(/payment is still paused by|it is paused again/);
  const untried = hops.filter((hop) => hop.paused).map(({ from, to }) => `${from} → ${to}`);
  expect(untried).toEqual(expect.arrayContaining(['orders topic → payment', 'payment → payment dead letters']));
  expect(hops.filter(({ ok, paused: isPaused }) => !ok && !isPaused)).toEqual([]);
  expect(await paymentStatus()).toMatchObject({ mapping: { enabled: false }, paused: { by, since, reason: REASON } });
  expect(await depth(queueUrl('payment'))).toEqual({ waiting: 1, inFlight: 0 });
  expect(await chargesOf(order.orderId)).toEqual([]);

  const resumed = await runOps('resume', 'payment');
  expect(resumed, resumed.said).toMatchObject({ code: 0, result: { changed: true, waiting: 1 } });
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  expect(await paymentStatus()).toMatchObject({ mapping: { enabled: true }, pause: undefined, paused: null });
});

test('a pause that a deployment undid, in mapping and record, is put back as it was', async () => {
  onTestFinished(async () => {
    await runOps('resume', 'archive');
  });
  expect(await runOps('pause', 'archive', '--reason', REASON)).toMatchObject({ code: 0 });
  const before = await readPauses(shop);
  expect(before).toMatchObject([{ consumer: 'archive', pause: { reason: REASON } }]);
  await setReceiving('archive', true);
  const TagKeys = ['shop:paused-by', 'shop:paused-since', 'shop:paused-reason'];
  await sqs.send(new UntagQueueCommand({ QueueUrl: queueUrl('archive'), TagKeys }));
  expect(await readPauses(shop)).toEqual([]);
  await restorePauses(shop, before, work);
  expect(await readPauses(shop)).toEqual(before);
});

test('what cannot be paused or resumed is refused in a sentence', async () => {
  expect((await runOps('pause', 'payment')).said).toContain('Say why with --reason');
  const unknown = await runOps('pause', 'sweep', '--reason', REASON);
  expect(unknown).toMatchObject({
    code: 1,
    said: expect.stringContaining('There is no consumer or partner sweep; the consumers'),
  });
  expect((await runOps('resume', 'payment')).result).toMatchObject({ changed: false });
});
