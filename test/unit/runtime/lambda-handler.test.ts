import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { lambdaHandler } from '../../../lambdas/runtime/lambda-handler.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();
const lambdas = join(import.meta.dirname, '..', '..', '..', 'lambdas');
const handlers = globSync('*/{handler,*-handler}.ts', { cwd: lambdas, exclude: ['runtime/**'] }).sort();
const logged = () => log.lines.map((line): Record<string, unknown> => JSON.parse(line));

describe('A function whose set-up throws', () => {
  const failing = lambdaHandler('payment', (): (() => Promise<void>) => {
    throw new Error('The environment variable TABLE_NAME is not set; the stack sets it.');
  });

  test('fails each invocation with the cause, so that its messages stay in the queue', async () => {
    await expect(failing()).rejects.toThrow('TABLE_NAME is not set');
    await expect(failing()).rejects.toThrow('TABLE_NAME is not set');
    expect(log.lines).toHaveLength(2);
  });

  test('says so in its log, by name and cause, and counts it', async () => {
    await failing().catch(() => undefined);
    expect(logged()).toEqual([
      expect.objectContaining({
        level: 'ERROR',
        message: 'the function cannot start',
        consumer: 'payment',
        errorType: 'Error',
        errorMessage: 'The environment variable TABLE_NAME is not set; the stack sets it.',
        StartFailed: 1,
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'ShopMessaging',
              Dimensions: [['consumer']],
              Metrics: [{ Name: 'StartFailed', Unit: 'Count' }],
            },
          ],
        },
      }),
    ]);
  });
});

test('a function is set up once, when its module is loaded', async () => {
  const setUp = vi.fn(() => async (event: string) => `did ${event}`);
  const handler = lambdaHandler('payment', setUp);
  expect(setUp).toHaveBeenCalledOnce();
  expect(await handler('one')).toBe('did one');
  expect(await handler('two')).toBe('did two');
  expect(setUp).toHaveBeenCalledOnce();
  expect(log.lines).toEqual([]);
});

describe('Without the variables of the stack', () => {
  afterEach(() => vi.unstubAllEnvs());
  beforeEach(() => {
    vi.resetModules();
    for (const name of Object.keys(process.env).filter((each) => /^[A-Z_]+(_NAME|_URL|_ARN|_ID|_KEY)$/.test(each))) {
      vi.stubEnv(name, undefined);
    }
  });

  test.each(handlers)('%s still loads, and says which is missing', async (file) => {
    const { handler } = (await import(join(lambdas, file))) as { handler: (event: object) => Promise<unknown> };
    await expect(handler({ Records: [] })).rejects.toThrow(/^The environment variable [A-Z_]+ is not set/);
    expect(logged()).toMatchObject([{ message: 'the function cannot start', consumer: dirname(file) }]);
  });
});
