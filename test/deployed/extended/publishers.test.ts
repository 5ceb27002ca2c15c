import { execFile } from 'node:child_process';
import { ulid } from 'ulid';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { engineEnvironment } from '../../../localstack/environment.ts';
import { capturedOnce, chargesOf, decided, output, paymentIs, setStock } from '../deployed-shop.ts';
import { isOfflineError, publishers } from '../toolchains.ts';
import { type FaultPlan, unreliableSns } from '../unreliable-sns.ts';

type PublisherResult = { code: number; published: string[]; stderr: string };

/** Runs a publisher with only what an existing service has: an endpoint, a region and credentials. */
function runPublisher(
  command: readonly string[],
  endpoint: string,
  orderIds: readonly string[],
): Promise<PublisherResult> {
  const [file = '', ...args] = command;
  const env = engineEnvironment(endpoint);
  return new Promise((ended) => {
    const all = [...args, output('OrdersTopicArn'), ...orderIds];
    const child = execFile(file, all, { env }, (_, stdout, stderr) => {
      const published = [...stdout.matchAll(/^published (\S+) as \S+$/gm)].map(([, orderId = '']) => orderId);
      ended({ code: child.exitCode ?? -1, published, stderr });
    });
  });
}

const orders = (count: number) => Array.from({ length: count }, () => `t-${ulid()}`);

for (const [language, publisher] of Object.entries(publishers)) {
  const reason = await publisher.missing();
  const title = `The publisher in ${language}`;
  if (reason !== undefined) console.warn(`\n!!! ${title} is NOT TESTED: ${reason}\n`);
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, () => {
    let command: readonly string[];
    let offlineReason = '';
    beforeAll(async () => {
      if (inject('skip') !== '') return;
      command = await publisher.command().catch((error: unknown) => {
        if (process.env.CI || !isOfflineError(error)) throw error;
        offlineReason = 'its packages cannot be fetched from here';
        return [];
      });
      await setStock('KB-01', 100);
    }, 300_000);
    beforeEach(({ skip }) => skip(offlineReason !== '', offlineReason));

    const run = async (faultOf: FaultPlan, ...orderIds: string[]) => {
      await using sns = await unreliableSns(faultOf);
      return { ...(await runPublisher(command, sns.endpoint, orderIds)), calls: sns.calls };
    };

    test('gets its order confirmed and charged once although its first call fails', async () => {
      const [orderId = ''] = orders(1);
      const { code, published, stderr, calls } = await run(
        ({ number }) => (number === 1 ? { status: 503, code: 'ServiceUnavailable' } : undefined),
        orderId,
      );
      expect({ code, published }, stderr).toEqual({ code: 0, published: [orderId] });
      expect(calls.map(({ action }) => action)).toEqual(['Publish', 'Publish']);
      expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      await paymentIs(orderId, 'captured');
      expect(await chargesOf(orderId)).toEqual(capturedOnce(15_000));
    });

    test('publishes in calls of ten, retries failed entries and reports rejected ones', async () => {
      const orderIds = orders(12);
      const [again = '', never = ''] = orderIds;
      const { code, published, stderr, calls } = await run(
        ({ number, orders: inCall }) => {
          const of = (wanted: string) => inCall.find(({ orderId }) => orderId === wanted)?.entry ?? '';
          if (number > 1) return undefined;
          const failed = {
            [of(again)]: { code: 'InternalError', senderFault: false },
            [of(never)]: { code: 'InvalidParameter', senderFault: true },
          };
          return { failed };
        },
        ...orderIds,
      );
      expect(calls.map((call) => call.orders.length)).toEqual([10, 1, 2]);
      expect(published.toSorted()).toEqual(orderIds.filter((id) => id !== never).toSorted());
      expect(stderr).toContain(`not published ${never}: InvalidParameter`);
      expect(code).toBe(1);
      // The engine had accepted the first one too, so the event is sent twice, with the same id.
      const sent = calls.flatMap((call) => call.orders).filter(({ orderId }) => orderId === again);
      expect(new Set(sent.map(({ event }) => event)).size).toBe(1);
      for (const orderId of published) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      await paymentIs(again, 'captured');
      expect(await chargesOf(again)).toEqual(capturedOnce(15_000));
    });

    test('reports missing permission without a retry', async () => {
      const { code, published, stderr, calls } = await run(
        () => ({ status: 403, code: 'AuthorizationError' }),
        ...orders(1),
      );
      expect({ code, published, calls: calls.length }).toEqual({ code: 1, published: [], calls: 1 });
      expect(stderr).toMatch(/not published: .*AuthorizationError/s);
    });
  });
}
