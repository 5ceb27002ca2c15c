import { between } from './batches.ts';
import type { Line } from './line.ts';
import { DAYS_PER_MONTH, GB, perMonth, SECONDS_PER_MONTH, type Situation, type Station } from './stations.ts';

/** What CloudWatch adds to a line of a log, in bytes (https://aws.amazon.com/cloudwatch/pricing/). */
const LINE_OVERHEAD = 26;
/** What Lambda itself says of an invocation: START, END and REPORT with its trace, in bytes. */
const PLATFORM_BYTES = 500;
/** How much of a log is left when it is compressed, as AWS reckons it. */
const COMPRESSED = 0.15;
/** X-Ray's default: one request a second, and five in a hundred of the rest. */
const SAMPLED_PER_SECOND = 1;
const SAMPLED_SHARE = 0.05;

/** What CloudWatch and X-Ray take. */
export function watching(situation: Situation, stations: readonly Station[]): Line[] {
  const { facts, measured } = situation;
  const { '1': one, '10': ten } = measured.batches;
  const messages = stations.reduce((sum, station) => sum + station.messages, 0);
  const invocations = stations.reduce((sum, station) => sum + station.invocations, 0);
  const batch = messages / invocations;
  const bytes = between(one.log.bytes, ten.log.bytes, batch);
  const lines = between(one.log.lines, ten.log.lines, batch);
  const logged = bytes + lines * LINE_OVERHEAD + invocations * PLATFORM_BYTES;
  const kept = (perMonth(situation, logged) / GB) * COMPRESSED * (facts.logDays / DAYS_PER_MONTH);
  const result: Line[] = [
    { service: 'CloudWatch', what: 'logs taken in', price: 'logs.ingestion', perOrder: logged / GB },
    { service: 'CloudWatch', what: 'logs kept', price: 'logs.storage', fixed: kept },
    { service: 'CloudWatch', what: 'custom metrics', price: 'cloudwatch.metric', fixed: one.metrics },
    { service: 'CloudWatch', what: 'alarms', price: 'cloudwatch.alarm', fixed: facts.alarmMetrics },
    { service: 'CloudWatch', what: 'dashboard', price: 'cloudwatch.dashboard', fixed: facts.dashboards },
  ];
  if (facts.traced) {
    const begun = perMonth(situation, 1 + invocations) / SECONDS_PER_MONTH;
    const sampled = Math.min(begun, SAMPLED_PER_SECOND) + SAMPLED_SHARE * Math.max(0, begun - SAMPLED_PER_SECOND);
    result.push({ service: 'X-Ray', what: 'traces sampled', price: 'xray.trace', fixed: sampled * SECONDS_PER_MONTH });
  }
  return result;
}
