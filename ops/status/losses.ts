import { consumerNameOf, partnerNameOf } from '../../infra/names.ts';
import { counted, formatAge } from '../format.ts';
import type { ShopFunction, StackResource } from '../functions.ts';
import { queueName } from '../queues.ts';
import { type DeployedShop, STACK_NAME } from '../stack.ts';
import type { Span } from './datapoints.ts';
import type { Problem } from './health.ts';
import type { Datapoint, MetricQuery } from './metrics.ts';

/** What is asked of AWS about a loss, and how it is told: `undefined` where the datapoints tell of none. */
type Check = { query: MetricQuery; tell: (datapoints: readonly Datapoint[], now: Date) => Problem | undefined };

const DAY_MINUTES = 1_440;
const PERIOD_SECONDS = 300;
/** Nothing changes a loss any more, so a live status asks for them once in this time. */
const REREAD_MS = 60_000;
/** The sweep runs every five minutes, and its metric may be two minutes and a period late. */
const MISSED_MS = 20 * 60_000;
/** What goes on is what happened so recently. */
const RECENT_MS = 15 * 60_000;
/** In so many of the latest periods. */
const REPEATED_PERIODS = 2;
/** As the alarm's: from then on letters end within days. */
const UNATTENDED_HOURS = 72;

const LOST = 'read docs/runbook/lost-messages.md';
const MISSED = 'read docs/runbook/missed-sweeps.md';

type ReadDatapoints = (
  queries: readonly MetricQuery[],
  span: Span,
) => Promise<(query: MetricQuery) => readonly Datapoint[]>;

/** Returns what reads, from the metrics of a day, which messages and runs AWS lost or refused; each is read again after a minute at the earliest. */
export function lossReader(
  shop: Pick<DeployedShop, 'outputs' | 'createdAt'>,
  readDatapoints: ReadDatapoints,
): (resources: readonly StackResource[], functions: readonly ShopFunction[], now: Date) => Promise<Problem[]> {
  let last: { at: number; problems: Problem[] } | undefined;
  return async (resources, functions, now) => {
    if (last !== undefined && now.getTime() - last.at < REREAD_MS) return last.problems;
    const checks = [
      ...ruleChecks(shop, resources),
      ...topicChecks(shop),
      ...functions.flatMap(functionChecks),
      ...intakeChecks(functions),
      ...sweepChecks(shop, functions),
    ];
    const span = { minutes: DAY_MINUTES, periodSeconds: PERIOD_SECONDS, now };
    const datapointsOf = await readDatapoints(
      checks.map(({ query }) => query),
      span,
    );
    const problems = checks.flatMap(({ query, tell }) => tell(datapointsOf(query), now) ?? []);
    last = { at: now.getTime(), problems };
    return problems;
  };
}

const sumOf = (datapoints: readonly Datapoint[]) => datapoints.reduce((sum, { value }) => sum + value, 0);

const recentOf = (datapoints: readonly Datapoint[], now: Date) =>
  datapoints.filter(({ time }) => time.getTime() + PERIOD_SECONDS * 1_000 > now.getTime() - RECENT_MS);

/** Tells of a count that should be zero. */
const countCheck = (
  query: Omit<MetricQuery, 'statistic'>,
  problem: (count: number) => Problem,
  { recent = false }: { recent?: boolean } = {},
): Check => ({
  query: { ...query, statistic: 'Sum' },
  tell(datapoints, now) {
    const count = sumOf(recent ? recentOf(datapoints, now) : datapoints);
    return count > 0 ? problem(count) : undefined;
  },
});

/** Tells of what goes on for minutes: one period of it may be a burst. */
const repeatedCheck = (query: Omit<MetricQuery, 'statistic'>, problem: (count: string) => Problem): Check => ({
  query: { ...query, statistic: 'Sum' },
  tell(datapoints, now) {
    const repeated = recentOf(datapoints, now).filter(({ value }) => value > 0);
    return repeated.length < REPEATED_PERIODS ? undefined : problem(sumOf(repeated).toLocaleString('en'));
  },
});

const lost = (consumer: string, what: string, where: string): Problem => ({
  consumer,
  state: 'messages lost',
  sentence: `${what} reached neither ${where} nor a dead-letter queue in the last 24 hours`,
  next: LOST,
});

// The logical id of a rule: its queue's construct, the child's id and a hash.
const RULE = /^(?<construct>[A-Z]\w*?)Rule\w*$/;

function ruleChecks({ outputs }: Pick<DeployedShop, 'outputs'>, resources: readonly StackResource[]): Check[] {
  return resources.flatMap(({ type, logicalId, physicalId }): Check[] => {
    const construct = RULE.exec(logicalId)?.groups?.construct;
    if (type !== 'AWS::Events::Rule' || construct === undefined) return [];
    const consumer = partnerNameOf(construct) ?? consumerNameOf(construct);
    // Of a rule on a bus of its own CloudFormation knows the bus as well: `bus|rule`.
    const dimensions = { EventBusName: outputs.EventBusName ?? '', RuleName: physicalId.split('|').at(-1) ?? '' };
    return [
      countCheck({ namespace: 'AWS/Events', metric: 'InvocationsFailedToBeSentToDlq', dimensions }, (count) =>
        lost(consumer, `${counted(count, 'event')} of the bus`, 'its queue'),
      ),
    ];
  });
}

function topicChecks({ outputs }: Pick<DeployedShop, 'outputs'>): Check[] {
  const topics = { 'orders topic': outputs.OrdersTopicArn, 'lifecycle feed': outputs.OrderLifecycleTopicArn };
  return Object.entries(topics).flatMap(([name, arn]) =>
    arn === undefined
      ? []
      : [
          countCheck(
            {
              namespace: 'AWS/SNS',
              metric: 'NumberOfNotificationsFailedToRedriveToDlq',
              dimensions: { TopicName: queueName(arn) },
            },
            (count) => lost(name, counted(count, 'message'), 'a queue'),
          ),
        ],
  );
}

const lambdaMetric = (functionName: string, metric: string) => ({
  namespace: 'AWS/Lambda',
  metric,
  dimensions: { FunctionName: functionName },
});

function functionChecks({ name: consumer, functionName }: ShopFunction): Check[] {
  return [
    countCheck(lambdaMetric(functionName, 'RecursiveInvocationsDropped'), (count) => ({
      consumer,
      state: 'taken for a loop',
      sentence: `Lambda took ${counted(count, 'invocation')} for an endless loop in the last 24 hours, and dropped ${count === 1 ? 'it' : 'them'}`,
      next: 'read docs/runbook/recursive-invocations.md',
    })),
    repeatedCheck(lambdaMetric(functionName, 'Throttles'), (count) => ({
      consumer,
      state: 'throttled',
      sentence: `Lambda refused to run its function ${count} times in the last 15 minutes`,
      next: 'read docs/runbook/throttled-functions.md',
    })),
  ];
}

function intakeChecks(functions: readonly ShopFunction[]): Check[] {
  const intake = functions.find(({ name }) => name === 'intake');
  if (intake === undefined) return [];
  return [
    repeatedCheck(lambdaMetric(intake.functionName, 'Url5xxCount'), (count) => ({
      consumer: 'intake',
      state: 'answers 5xx',
      sentence: `it answered ${count} requests with 5xx in the last 15 minutes`,
      next: 'npm run ops -- logs intake',
    })),
  ];
}

function sweepChecks({ createdAt }: Pick<DeployedShop, 'createdAt'>, functions: readonly ShopFunction[]): Check[] {
  const sweep = functions.find(({ name }) => name === 'sweep');
  if (sweep === undefined) return [];
  const dropped = lambdaMetric(sweep.functionName, 'AsyncEventsDropped');
  return [
    {
      query: { ...lambdaMetric(sweep.functionName, 'Invocations'), statistic: 'Sum' },
      tell(datapoints, now) {
        const runs = datapoints.filter(({ value }) => value > 0).map(({ time }) => time.getTime());
        const latest = Math.max(...runs, createdAt?.getTime() ?? (runs.length === 0 ? now.getTime() : 0));
        const since = now.getTime() - latest;
        if (since < MISSED_MS) return undefined;
        const age = runs.length === 0 ? 'at all in the last 24 hours' : `for ${formatAge(since / 1_000)}`;
        return {
          consumer: 'sweep',
          state: 'not running',
          sentence: `it has not run ${age}`,
          next: 'npm run ops -- verify',
        };
      },
    },
    countCheck(
      dropped,
      (count) => ({
        consumer: 'sweep',
        state: 'runs dropped',
        sentence: `${counted(count, 'run')} failed again and again in the last 15 minutes, and Lambda dropped ${count === 1 ? 'it' : 'them'}`,
        next: MISSED,
      }),
      { recent: true },
    ),
    {
      query: {
        namespace: STACK_NAME,
        metric: 'ParkedUnattendedHours',
        dimensions: { consumer: 'sweep' },
        statistic: 'Maximum',
      },
      tell(datapoints, now) {
        const hours = Math.max(0, ...recentOf(datapoints, now).map(({ value }) => value));
        if (hours < UNATTENDED_HOURS) return undefined;
        return {
          consumer: 'sweep',
          state: 'parked letters',
          sentence: `it has not got through the parked letters for ${formatAge(hours * 3_600)}`,
          next: MISSED,
        };
      },
    },
  ];
}
