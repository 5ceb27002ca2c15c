import { expect, test } from 'vitest';
import { synthesise } from '../builders/template.ts';

/** The names of everything in a stack that has one of its own, and the pattern of topics in the key's policy. */
function namesOf(stage: string) {
  const { resources, stack } = synthesise({ stage });
  const [key] = resources('AWS::KMS::Key');
  return {
    stackName: stack.stackName,
    topics: resources('AWS::SNS::Topic').map(
      ({ properties }) => properties.TopicName ?? `${stack.stackName}-generated`,
    ),
    keyPolicy: JSON.stringify(key?.properties.KeyPolicy),
  };
}

test.each(['dev', 'prod'])(
  'every topic of %s may use the key, which knows them by the name of their stack',
  (stage) => {
    const { stackName, topics, keyPolicy } = namesOf(stage);
    expect(topics).toContainEqual(expect.stringMatching(/-OrderLifecycle-[0-9A-F]{8}\.fifo$/));
    expect(topics.filter((name) => !name.startsWith(`${stackName}-`))).toEqual([]);
    expect(keyPolicy).toContain(`:${stackName}-*`);
  },
);
