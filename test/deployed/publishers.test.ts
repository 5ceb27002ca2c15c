import { execFile } from 'node:child_process';
import { ulid } from 'ulid';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { chargesOf, decided, output, stockUp } from './deployed-shop.ts';
import { offline, type Publisher, publishers } from './toolchains.ts';
import { type Trouble, unreliableSns } from './unreliable-sns.ts';

/** Why a language is not tried here, or nothing. Each is tried once, on LocalStack; TypeScript, the quickest, on both engines. */
async function whyNot(language: string, publisher: Publisher): Promise<string | undefined> {
  if (inject('engine') === 'localstack') return publisher.lacks();
  return language === 'TypeScript' ? undefined : 'tested on LocalStack';
}

type Ended = { code: number; published: string[]; stderr: string };

/** Runs a publisher with nothing but what an existing service has: an address, a region, credentials. */
function publishing(command: readonly string[], endpoint: string, orderIds: readonly string[]): Promise<Ended> {
  const [file = '', ...args] = command;
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
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
  const reason = await whyNot(language, publisher);
  const title = `The publisher in ${language}`;
  if (reason !== undefined && inject('engine') === 'localstack')
    console.warn(`\n!!! ${title} is NOT TESTED: ${reason}\n`);
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, () => {
    let command: readonly string[];
    let unbuilt = '';
    beforeAll(async () => {
      if (inject('skip') !== '') return;
      command = await publisher.command().catch((error: unknown) => {
        if (process.env.CI || !offline(error)) throw error;
        unbuilt = 'its packages cannot be fetched from here';
        return [];
      });
      await stockUp('KB-01', 100);
    }, 300_000);
    beforeEach(({ skip }) => skip(unbuilt !== '', unbuilt));

    const run = async (trouble: Trouble, ...orderIds: string[]) => {
      await using sns = await unreliableSns(trouble);
      return { ...(await publishing(command, sns.endpoint, orderIds)), calls: sns.calls };
    };

    test('gets its order confirmed, and paid once, although its first call fails', async () => {
      const [orderId = ''] = orders(1);
      const { code, published, stderr, calls } = await run(
        ({ number }) => (number === 1 ? { status: 503, code: 'ServiceUnavailable' } : undefined),
        orderId,
      );
      expect({ code, published }, stderr).toEqual({ code: 0, published: [orderId] });
      expect(calls.map(({ action }) => action)).toEqual(['Publish', 'Publish']);
      expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      expect(await chargesOf(orderId)).toEqual(['capture 12000 KRW']);
    });

    test('publishes many in calls of ten, sends again what failed, and names what never can succeed', async () => {
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
      // The engine had taken the first one too, so it comes twice, and as the same event.
      const sent = calls.flatMap((call) => call.orders).filter(({ orderId }) => orderId === again);
      expect(new Set(sent.map(({ event }) => event)).size).toBe(1);
      for (const orderId of published) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      expect(await chargesOf(again)).toEqual(['capture 12000 KRW']);
    });

    test('says so at once when it may not publish', async () => {
      const { code, published, stderr, calls } = await run(
        () => ({ status: 403, code: 'AuthorizationError' }),
        ...orders(1),
      );
      expect({ code, published, calls: calls.length }).toEqual({ code: 1, published: [], calls: 1 });
      expect(stderr).toMatch(/not published: .*AuthorizationError/s);
    });
  });
}
