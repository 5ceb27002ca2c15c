import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '../../localstack/engine.ts';
import { canTestEngine, eventually, startTestEngine } from '../harness/engine.ts';
import { zipOf } from './zip.ts';

// Writes the given lines to its log.
const code = 'exports.handler = async ({ lines }) => { for (const line of lines) console.log(line); };';

type Dimensions = Record<string, string>;

/** Returns a log line in CloudWatch's embedded metric format. */
const line = (
  metrics: Record<string, number | number[]>,
  dimensions: Dimensions = {},
  sets = [Object.keys(dimensions)],
) =>
  JSON.stringify({
    ...metrics,
    ...dimensions,
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: 'Probe',
          Dimensions: sets,
          Metrics: Object.keys(metrics).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
  });

describe.each<EngineName>(['ministack', 'localstack'])('%s', async (name) => {
  describe.skipIf(!(await canTestEngine(name)))('extracts metrics from function logs', { timeout: 30_000 }, () => {
    let own: Awaited<ReturnType<typeof startTestEngine>>;
    let lambda: LambdaClient;
    let cloudWatch: CloudWatchClient;

    beforeAll(async () => {
      own = await startTestEngine(name);
      lambda = new LambdaClient(own.config);
      cloudWatch = new CloudWatchClient(own.config);
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'probe',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/probe',
          Code: { ZipFile: zipOf('index.js', code) },
        }),
      );
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName: 'probe' });
    }, 300_000);

    afterAll(() => own.end(), 30_000);

    const write = async (...lines: string[]) => {
      const Payload = JSON.stringify({ lines });
      const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: 'probe', Payload }));
      expect(FunctionError).toBeUndefined();
    };
    const statistic = async (MetricName: string, Stat: string, dimensions: Dimensions = {}) => {
      const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
      const { MetricDataResults: [result] = [] } = await cloudWatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(Date.now() - 600_000),
          EndTime: new Date(Date.now() + 60_000),
          MetricDataQueries: [
            { Id: 'a', MetricStat: { Metric: { Namespace: 'Probe', MetricName, Dimensions }, Period: 3600, Stat } },
          ],
        }),
      );
      return result?.Values?.[0];
    };
    const eventuallyIs = (value: number, ask: () => Promise<number | undefined>) =>
      eventually(`the figure ${value}`, async () => ((await ask()) === value ? true : undefined));

    it('aggregates single values and lists by dimension set', async () => {
      await write(line({ Done: 2 }, { consumer: 'a' }), line({ Done: 3 }, { consumer: 'a' }), line({ Done: 7 }));
      await write(line({ Waited: [10, 30, 30, 50] }, { consumer: 'a' }));
      await eventuallyIs(5, () => statistic('Done', 'Sum', { consumer: 'a' }));
      await eventuallyIs(7, () => statistic('Done', 'Sum'));
      await eventuallyIs(30, () => statistic('Waited', 'Average', { consumer: 'a' }));
      expect(await statistic('Waited', 'Maximum', { consumer: 'a' })).toBe(50);
      expect(await statistic('Waited', 'SampleCount', { consumer: 'a' })).toBe(4);
    });

    it('stores one value under several dimension sets', async () => {
      await write(line({ Cancelled: 4 }, { reason: 'customer' }, [[], ['reason']]));
      await eventuallyIs(4, () => statistic('Cancelled', 'Sum', { reason: 'customer' }));
      await eventuallyIs(4, () => statistic('Cancelled', 'Sum'));
    });

    it('ignores malformed lines and continues with the next', async () => {
      await write(
        '{"_aws":{"CloudWatchMetrics":',
        '{"_aws":{"CloudWatchMetrics":[]}}',
        line({ Lost: 1 }).replace('Lost', 'X'),
      );
      await write(line({ After: 1 }));
      await eventuallyIs(1, () => statistic('After', 'Sum'));
    });

    it('evaluates an alarm on its own dimensions only', async () => {
      const alarm = (consumer: string) =>
        cloudWatch.send(
          new PutMetricAlarmCommand({
            AlarmName: `${consumer}-failed`,
            Namespace: 'Probe',
            MetricName: 'Failed',
            Dimensions: [{ Name: 'consumer', Value: consumer }],
            Statistic: 'Sum',
            Period: 10,
            EvaluationPeriods: 1,
            Threshold: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            TreatMissingData: 'notBreaching',
          }),
        );
      await alarm('bad');
      await alarm('good');
      const states = async () => {
        const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
        return Object.fromEntries(MetricAlarms.map(({ AlarmName = '', StateValue }) => [AlarmName, StateValue]));
      };
      await eventually('the alarm', async () => {
        await write(line({ Failed: 1 }, { consumer: 'bad' }));
        return (await states())['bad-failed'] === 'ALARM' ? true : undefined;
      });
      expect((await states())['good-failed']).not.toBe('ALARM');
    });
  });
});
