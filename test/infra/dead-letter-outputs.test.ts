import { describe, expect, test } from 'vitest';
import { findConsumerQueues } from '../../ops/consumers.ts';
import { leavesOf, templateOf, variants } from '../builders/variants.ts';

/** The members that name a dead-letter queue, of queues, subscriptions, rules, functions and schedules. */
const DEAD_LETTER_TARGET = /^(deadLetterTargetArn|DeadLetterConfig|DeadLetterArn)$/;

describe.each(Object.entries(variants))('In the template of %s', (_, settings) => {
  const { Resources, Outputs } = templateOf(settings);
  const targets = new Set(
    leavesOf(Resources).flatMap(({ path, leaf }) =>
      path.some((name) => DEAD_LETTER_TARGET.test(name)) && path.at(-2) === 'Fn::GetAtt' && path.at(-1) === '0'
        ? [String(leaf)]
        : [],
    ),
  );
  const outputOf = new Map(
    Object.entries(Outputs).flatMap(([name, { Value }]) =>
      leavesOf(Value).flatMap(({ path, leaf }) => (path.at(-1) === 'Ref' ? [[String(leaf), name] as const] : [])),
    ),
  );

  test('every dead-letter queue is in the outputs, under a name that says what it is', () => {
    const queues = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::SQS::Queue');
    expect(queues.filter(([id]) => targets.has(id)).length).toBe(targets.size);
    expect(targets.size).toBeGreaterThanOrEqual(9);
    for (const id of targets) expect(outputOf.get(id), id).toMatch(/DeadLetterQueueUrl$/);
  });

  test('no dead-letter queue of a topic or a rule is taken for a consumer', () => {
    const outputs = Object.fromEntries(Object.keys(Outputs).map((name) => [name, name]));
    const consumers = findConsumerQueues(outputs).map(({ consumer }) => consumer);
    expect(consumers).toEqual(expect.arrayContaining(['order', 'archive']));
    expect(consumers.filter((name) => /sweep|undelivered/i.test(name))).toEqual([]);
  });
});
