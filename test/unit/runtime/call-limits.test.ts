import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callLimits, DYNAMODB_ATTEMPTS, longestCallMs } from '../../../lambdas/runtime/call-limits.ts';

const lambdas = join(import.meta.dirname, '..', '..', '..', 'lambdas');

/** Finds every construction of an SDK client in a source: the client's name, and what it is given. */
function clientsIn(source: string): { name: string; given: string }[] {
  return [...source.matchAll(/new (\w+Client)\(/g)].map(({ 0: start, 1: name = '', index }) => {
    const from = index + start.length;
    let depth = 1;
    let to = from;
    for (; depth > 0 && to < source.length; to += 1) {
      if (source[to] === '(') depth += 1;
      if (source[to] === ')') depth -= 1;
    }
    return { name, given: source.slice(from, to - 1) };
  });
}

describe('Every client of a function', () => {
  const sources = globSync('**/*.ts', { cwd: lambdas }).map((path) => ({
    path,
    source: readFileSync(join(lambdas, path), 'utf8'),
  }));
  const clients = sources.flatMap(({ path, source }) => clientsIn(source).map((client) => ({ path, ...client })));

  test.each(clients)('ends its calls: $name in $path', ({ given }) => {
    expect(given).toContain('callLimits(');
  });

  test('is found by the way its class is constructed, and no file imports a client otherwise', () => {
    expect(new Set(clients.map(({ name }) => name))).toEqual(
      new Set([
        'DynamoDBClient',
        'EventBridgeClient',
        'LambdaClient',
        'SecretsManagerClient',
        'S3Client',
        'SNSClient',
        'SQSClient',
      ]),
    );
    const importing = sources.filter(({ source }) =>
      /import \{[^}]*\b(?<!type )[A-Z]\w+Client\b[^}]*\} from '@aws-sdk/.test(source),
    );
    const constructing = new Set(clients.map(({ path }) => path));
    // It is given its client, and wraps it.
    const wrapping = importing.filter(({ source }) => /DynamoDBDocumentClient/.test(source)).map(({ path }) => path);
    for (const { path } of importing) expect([...constructing, ...wrapping], path).toContain(path);
  });

  test('makes as many attempts of a call to DynamoDB as the SDK does by itself', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    expect(await client.config.maxAttempts()).toBe(DYNAMODB_ATTEMPTS);
  });
});

describe('The limits of a call', () => {
  /** Starts a server that takes connections and never answers; counts them. */
  async function silentServer(): Promise<{ endpoint: string; connections: () => number }> {
    const open: Socket[] = [];
    const server = await new Promise<Server>((ready) => {
      const one: Server = createServer((socket) => void open.push(socket)).listen(0, '127.0.0.1', () => ready(one));
    });
    onTestFinished(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : '';
    return { endpoint: `http://127.0.0.1:${port}`, connections: () => open.length };
  }

  test('end a call to a host that takes the connection and never answers', async () => {
    const { endpoint, connections } = await silentServer();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const limits = callLimits({ attempts: 2, attemptMs: 100 });
    const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, ...limits });
    await expect(client.send(new ListTablesCommand())).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(connections()).toBe(2);
  });

  test('leave a call time for each attempt and for the pauses between them', () => {
    expect(longestCallMs({ attempts: 1, attemptMs: 8_000 })).toBe(8_000);
    expect(longestCallMs({ attempts: 3, attemptMs: 1_000 })).toBe(3_000 + 1_000 + 2_000);
  });
});
