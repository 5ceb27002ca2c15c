import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ShopAlarm } from '../../infra/constructs/alarm.ts';
import { OUTSIDE } from '../../infra/permissions-page.ts';
import { findLetterQueues } from '../../ops/consumers.ts';
import {
  type AlertingRule,
  isTranslated,
  LEFT_TO_CLOUDWATCH,
  patternsOf,
  ruleOf,
} from '../../ops/metrics/alarm-rules.ts';
import { families } from '../../ops/metrics/families.ts';
import { OWN_RULES_PATH, RULES_PATH, rulesFiles } from '../../ops/metrics/rules-file.ts';
import { synthesise } from '../builders/template.ts';

const root = join(import.meta.dirname, '..', '..');
// With all that settings can ask for.
const template = synthesise({ ...OUTSIDE, alarmNoOrdersMinutes: 30, alarmSmsSpend: 10 });
const alarms = template.stack.node.findAll().flatMap((one) => (one instanceof ShopAlarm ? [one.props] : []));
const files = new Map(rulesFiles(alarms, 'crm'));
const rulesIn = (text = ''): AlertingRule[] =>
  parse(text).groups.flatMap(({ rules }: { rules: AlertingRule[] }) => rules);

test.each([...files])('%s is as `npm run generate` writes it', (path, content) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(content);
});

test.each(alarms.map(({ name }) => [name]))('%s is a rule, or it is said that CloudWatch alone knows it', (name) => {
  expect(isTranslated(name)).toBe(patternsOf(name).length === 0);
});

test.each(LEFT_TO_CLOUDWATCH)('%s, which is left to CloudWatch, is an alarm and in the docs', (pattern) => {
  expect(alarms.some(({ name }) => patternsOf(name).includes(pattern))).toBe(true);
  expect(readFileSync(join(root, 'docs/metrics.md'), 'utf8')).toContain(`\`${pattern}\``);
});

describe('A rule', () => {
  const rules = rulesIn(files.get(RULES_PATH));
  const named = (name: string) => rules.find(({ alert }) => alert === name);

  test('has severity, sentences, threshold and time of its alarm', () => {
    const alarm = alarms.find(({ name }) => name === 'payment-oldest-message');
    expect(named('ShopPaymentOldestMessage')).toEqual({
      alert: 'ShopPaymentOldestMessage',
      expr: `shop_queue_oldest_message_age_seconds{consumer="payment"} >= ${alarm?.threshold}`,
      for: `${alarm?.periods?.[0]}m`,
      labels: { severity: alarm?.severity, kind: 'oldest-message' },
      annotations: {
        summary: alarm?.cause,
        description: `${alarm?.impact} Run: npm run ops -- ${alarm?.firstCommand}.`,
        runbook: 'docs/runbook/oldest-message.md',
      },
    });
  });

  test('of a partner is one of every partner, whatever it is called', () => {
    const { expr, annotations } = named('ShopPartnerDeadLetters') ?? {};
    expect(expr).toContain('shop_consumer_info{kind="partner"}');
    expect(JSON.stringify(annotations)).not.toContain('crm');
    expect(annotations?.description).toContain('dlq list --consumer {{ $labels.consumer }}');
  });

  test('is there once, and asks for what the exporter serves', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    const served = [...families.map(({ name }) => name), 'shop_up'];
    for (const { expr } of rules) {
      for (const [metric] of expr.matchAll(/\bshop_\w+/g)) expect(served).toContain(metric);
    }
  });

  test('on dead letters is there for each queue that has some', () => {
    const outputs = Object.fromEntries(template.outputs.map((name) => [name, name]));
    const queues = findLetterQueues(outputs).filter(({ partner }) => !partner);
    const all = [...rules, ...rulesIn(files.get(OWN_RULES_PATH))];
    const watched = [...JSON.stringify(all).matchAll(/shop_dead_letters\{consumer=\\"([\w-]+)\\"/g)];
    expect(watched.map(([, name]) => name).sort()).toEqual(queues.map(({ name, consumer }) => name ?? consumer).sort());
  });

  test('that needs CloudWatch is in a group of its own', () => {
    const [without] = parse(files.get(RULES_PATH) ?? '').groups;
    const metered = families.filter(({ cloudWatch }) => cloudWatch).map(({ name }) => name);
    const text = JSON.stringify(without);
    for (const name of metered) expect(text).not.toContain(name);
  });

  test('of a consumer of the shop’s own is in a file of its own', () => {
    const own = new Map(rulesFiles(alarms, 'crm', ['stock']));
    expect(rulesIn(own.get(RULES_PATH)).filter(({ alert }) => alert.startsWith('ShopStock'))).toEqual([]);
    const moved = rulesIn(own.get(OWN_RULES_PATH)).map(({ alert }) => alert);
    expect(moved).toContain('ShopStockDeadLetters');
    expect(moved).toEqual(rules.filter(({ alert }) => alert.startsWith('ShopStock')).map(({ alert }) => alert));
  });
});

test('an alarm that nobody translated has no rule', () => {
  const [alarm] = alarms;
  expect(alarm && ruleOf({ ...alarm, name: 'payment-unheard-of' }, 'crm')).toBeUndefined();
  expect(patternsOf('payment-unheard-of')).toEqual([]);
});
