import { randomBytes } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ChangeMessageVisibilityBatchCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sqsRecord } from '../../builders/deliveries.ts';
import { cancelled } from '../../builders/events.ts';
import { HostileServer } from '../../builders/hostile-server.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();
const newKey = () => `whsec_${randomBytes(24).toString('base64')}`;
const [OLD, NEW] = [newKey(), newKey()];

let server: HostileServer;
let handler: typeof import('../../../lambdas/webhooks/handler.ts').handler;
let calls: string[];

beforeAll(async () => {
  server = await HostileServer.start({
    '/erp': (response) => void response.writeHead(200).end(),
    '/gone': (response) => void response.writeHead(410).end(),
  });
  const at = `127.0.0.1:${server.port}`;
  // The function is set up when it is loaded, which another test of this worker may have had.
  vi.resetModules();
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('QUEUE_URL', 'https://sqs/webhooks');
  vi.stubEnv('DEAD_LETTER_QUEUE_URL', 'https://sqs/webhooks-dead');
  vi.stubEnv('TABLE_NAME', 'Endpoints');
  vi.stubEnv('WEBHOOK_ALLOW_PRIVATE', JSON.stringify([at]));
  vi.stubEnv(
    'WEBHOOK_ENDPOINTS',
    JSON.stringify({
      erp: { url: `http://${at}/erp`, secret: 'shop/erp' },
      gone: { url: `http://${at}/gone`, secret: 'shop/gone' },
    }),
  );
  ({ handler } = await import('../../../lambdas/webhooks/handler.ts'));
  vi.unstubAllEnvs();
});

afterAll(() => server[Symbol.asyncDispose]());

beforeEach(() => {
  calls = [];
  vi.spyOn(SecretsManagerClient.prototype, 'send').mockImplementation(async (command: unknown) => {
    const { input } = command as GetSecretValueCommand;
    expect(command).toBeInstanceOf(GetSecretValueCommand);
    calls.push(`${input.SecretId} ${input.VersionStage ?? 'AWSCURRENT'}`);
    if (input.VersionStage === 'AWSPREVIOUS') return { SecretString: OLD };
    return { SecretString: `${NEW}\n`, CreatedDate: new Date() };
  });
  vi.spyOn(DynamoDBDocumentClient.prototype, 'send').mockImplementation(async (command: unknown) => {
    calls.push(command instanceof GetCommand ? 'read' : command instanceof UpdateCommand ? 'write' : 'other');
    return {};
  });
  vi.spyOn(SQSClient.prototype, 'send').mockImplementation(async (command: unknown) => {
    if (command instanceof ChangeMessageVisibilityBatchCommand) calls.push('delay');
    if (!(command instanceof SendMessageBatchCommand)) return {};
    calls.push(`dead-letter ${command.input.Entries?.[0]?.MessageBody}`);
    return { Successful: command.input.Entries?.map(({ Id }) => ({ Id })) };
  });
});

const message = (endpoint: string) => sqsRecord({ endpoint, event: cancelled({ orderId: 'o-1' }) });

test('The function posts with the keys of both versions of a secret, and a message costs neither a read nor a write more', async () => {
  expect(await handler({ Records: [message('erp')] })).toEqual({ batchItemFailures: [] });
  expect(calls.toSorted()).toEqual(['read', 'shop/erp AWSCURRENT', 'shop/erp AWSPREVIOUS']);
  expect(await handler({ Records: [message('erp'), message('erp')] })).toEqual({ batchItemFailures: [] });
  expect(calls).toHaveLength(3);
  for (const { headers, body } of server.received) {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    for (const key of [OLD, NEW])
      expect(new Webhook(key).verify(body, given)).toMatchObject({ data: { orderId: 'o-1' } });
  }
});

test('The function disables an endpoint that answers 410 with one write, and dead-letters the message as it came', async () => {
  const gone = message('gone');
  expect(await handler({ Records: [gone] })).toEqual({ batchItemFailures: [] });
  expect(calls).toContain(`dead-letter ${gone.body}`);
  expect(calls.filter((name) => name === 'write')).toHaveLength(1);
  expect(log.lines.join('')).toContain('the endpoint gone is disabled');
});

test('The function posts a test event where it is asked to, and knows no other endpoint', async () => {
  const before = server.received.length;
  expect(await handler({ test: { endpoint: 'erp' } })).toMatchObject({ ok: true, status: 200 });
  expect(await handler({ test: { endpoint: 'gone' } })).toMatchObject({ ok: false, status: 410 });
  expect(server.received).toHaveLength(before + 2);
  expect(calls.filter((name) => name === 'read' || name === 'write')).toEqual([]);
  await expect(handler({ test: { endpoint: 'crm' } })).rejects.toThrow('has no crm');
});
