import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { findOlderNode, ownPath } from '../builders/older-node.ts';

const root = join(import.meta.dirname, '..', '..');
const olderNode = findOlderNode();

/** Returns the commands by which a page says that TypeScript examples are run. */
const commandsIn = (page: string): string[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/(?:npx )?node (examples\/[\w./-]+\.ts)/g)].map(
    ([command]) => command,
  );

test.each([
  'docs/publishing.md',
  'examples/publish.ts',
  'examples/ship-and-refund.ts',
  'examples/subscribers/typescript/read.ts',
  'examples/outbox/relay.ts',
])('%s names a command that takes the Node of this repository, whatever the machine has', (page) => {
  const commands = commandsIn(page);
  expect(commands).not.toEqual([]);
  for (const command of commands) expect(command).toMatch(/^npx node /);
});

test.skipIf(olderNode === undefined)(
  'examples/publish.ts publishes as its first lines say, in a shell with an older Node',
  async () => {
    const [command = ''] = commandsIn('examples/publish.ts');
    const sns = createServer((_, answer) => {
      answer.setHeader('content-type', 'text/xml');
      answer.end('<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>');
    }).listen(0, '127.0.0.1');
    try {
      await once(sns, 'listening');
      const { port } = sns.address() as AddressInfo;
      const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
      const PATH = [dirname(olderNode ?? ''), ownPath()].join(delimiter);
      const child = spawn('sh', ['-c', `${command} arn:aws:sns:us-east-1:000000000000:orders o-7`], {
        cwd: root,
        env: { HOME: process.env.HOME, ...credentials, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, PATH },
      });
      const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      expect(output, errors).toBe('published o-7 as m-1\n');
    } finally {
      sns.close();
    }
  },
);
