import { createHash } from 'node:crypto';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cancelCommand } from '../../ops/orders/cancel-commands.ts';
import { refundCommand } from '../../ops/orders/refund-commands.ts';
import { reportFatalError } from '../../ops/output.ts';
import { type Answer, type SentRequest, standInForAws } from '../harness/aws-stand-in.ts';

const QUEUES = 'https://sqs.eu-west-1.amazonaws.com/111122223333';
const outputs = {
  OrdersTopicArn: 'arn:aws:sns:eu-west-1:111122223333:Orders',
  ...Object.fromEntries(
    ['Orders', 'Payments', 'Notifications', 'Stock', 'Reservations'].map((name) => [`${name}TableName`, name]),
  ),
  PaymentQueueUrl: `${QUEUES}/Payment`,
  PaymentDeadLetterQueueUrl: `${QUEUES}/PaymentDead`,
};
const stack = `<Stacks><member><StackName>ShopMessaging</StackName>
  <StackId>arn:aws:cloudformation:eu-west-1:111122223333:stack/ShopMessaging/1</StackId>
  <StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T09:00:00Z</CreationTime>
  <Outputs>${Object.entries(outputs)
    .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
    .join('')}</Outputs></member></Stacks>`;

const time = '2026-11-21T09:00:00.000Z';
const orderId = 'o-1001';
const confirmed = { orderId, status: 'CONFIRMED', timeline: [] };
const captured = { orderId, state: 'captured', money: { amount: 12_000, currency: 'EUR' }, time };
const done = { refundId: 'r-1', amount: 5_000, state: 'done', refunded: 5_000, time };

type Records = { Orders?: object; Payments?: object };

/** The answers of a shop that holds some records, and others once anything was published. */
function shopAnswers(before: Records, after: Records = before): Record<string, Answer> {
  let records = before;
  return {
    DescribeStacks: stack,
    GetTemplate: '<TemplateBody>{"Metadata":{"Settings":{"stage":"prod"}},"Resources":{}}</TemplateBody>',
    BatchGetItem: ({ body }: SentRequest) => {
      const asked = Object.keys(JSON.parse(body).RequestItems);
      const found = Object.entries(records).filter(([table]) => asked.includes(table));
      return { Responses: Object.fromEntries(found.map(([table, record]) => [table, [marshall(record)]])) };
    },
    PublishBatch: () => {
      records = after;
      return '<Successful/><Failed/>';
    },
    GetQueueAttributes: { Attributes: { ApproximateNumberOfMessages: '0' } },
  };
}

async function run(command: Command, line: string): Promise<{ code: number; said: string; printed: string }> {
  const [said, printed]: [string[], string[]] = [[], []];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(console, 'error').mockImplementation((text) => said.push(`${text}\n`));
  await command.parseAsync(`${line} --aws`.split(' '), { from: 'user' }).catch(reportFatalError);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, said: said.join(''), printed: printed.join('') };
}

const firstMessage = (body: string) =>
  new URLSearchParams(body).get('PublishBatchRequestEntries.member.1.Message') ?? '';

const published = (requests: readonly SentRequest[]) =>
  requests.filter(({ action }) => action === 'PublishBatch').map(({ body }) => JSON.parse(firstMessage(body)));

beforeEach(() => {
  const real = { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real', AWS_REGION: 'eu-west-1' };
  const none = { AWS_ENDPOINT_URL: '', SHOP_TARGET: '', AWS_PROFILE: '' };
  for (const [name, value] of Object.entries({ ...real, ...none })) vi.stubEnv(name, value || undefined);
  Object.defineProperty(process.stdin, 'isTTY', { value: false, configurable: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('A refund', () => {
  test('is asked for with the order, the amount in its currency, and what comes back', async () => {
    const { requests } = standInForAws(
      shopAnswers({
        Orders: confirmed,
        Payments: captured,
        ...{ Reservations: { orderId, state: 'sold', lines: [{ sku: 'KB=01', quantity: 2 }] } },
      }),
    );
    const { code, said } = await run(refundCommand(), `${orderId} 5000 --item KB=01=2 --restock`);
    expect(said).toContain(
      'AWS account 111122223333, eu-west-1, stage prod, stack ShopMessaging: Refund €50.00 of the order o-1001 (€0.00 of €120.00 refunded so far), and count 2 of KB=01 back on the shelf?',
    );
    expect(said).toContain('say so with --yes');
    expect({ code, published: published(requests) }).toEqual({ code: 1, published: [] });
  });

  test('says its id before it is published, and what became of it', async () => {
    const { requests } = standInForAws(
      shopAnswers(
        { Orders: confirmed, Payments: captured },
        { Orders: confirmed, Payments: { ...captured, refunds: [done] } },
      ),
    );
    const { code, said, printed } = await run(refundCommand(), `${orderId} 5000 --id r-1 --reason late --yes --json`);
    expect(said).toContain('refund r-1 of o-1001: a retry with --id r-1 sends and counts nothing twice');
    expect(JSON.parse(printed)).toEqual({
      ...{ orderId, refundId: 'r-1', amount: 5_000, currency: 'EUR', captured: 12_000, refunded: 5_000 },
      payment: 'refunded',
    });
    expect(published(requests)).toMatchObject([
      { type: 'shop.order.refund-requested.v1', data: { orderId, refundId: 'r-1', amount: 5_000, reason: 'late' } },
    ]);
    expect(code).toBe(0);
  });

  test('has an id of its own each time where it is given none', async () => {
    const { requests } = standInForAws(shopAnswers({ Orders: confirmed, Payments: captured }));
    for (const _ of ['once', 'twice']) {
      const { code, said, printed } = await run(refundCommand(), `${orderId} 5000 --wait 0 --yes`);
      expect(said).toMatch(/refund r-\w{26} of o-1001: a retry with --id r-\w{26} /);
      expect(printed).toContain('€50.00 was asked for.');
      expect(code).toBe(0);
    }
    const ids = published(requests).map(({ data }) => data.refundId);
    expect(new Set(ids).size).toBe(2);
  });

  test('that was made before is neither asked for nor published again', async () => {
    const { requests } = standInForAws(shopAnswers({ Orders: confirmed, Payments: { ...captured, refunds: [done] } }));
    const { code, said, printed } = await run(refundCommand(), `${orderId} 5000 --id r-1`);
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(printed).toContain('€50.00 went back; €50.00 of €120.00 is refunded.');
    expect(published(requests)).toEqual([]);
  });

  test('that a person has to send is said to be due', async () => {
    const due = { ...done, state: 'due', reason: 'on-delivery' };
    standInForAws(
      shopAnswers(
        { Orders: confirmed, Payments: captured },
        { Orders: confirmed, Payments: { ...captured, refunds: [due] } },
      ),
    );
    const { code, printed } = await run(refundCommand(), `${orderId} 5000 --id r-1 --yes`);
    expect(printed).toContain('€50.00 has to be sent by a person (on-delivery): docs/runbook/refund-due.md');
    expect(code).toBe(0);
  });

  test('that is refused, or not done in time, is an error', async () => {
    const answers = shopAnswers({ Orders: confirmed, Payments: captured });
    standInForAws(answers);
    const late = await run(refundCommand(), `${orderId} 5000 --id r-1 --wait 1 --yes`);
    expect(late.code).toBe(1);
    expect(late.said).toContain('Refund r-1 of order o-1001 is not done after 1 s, and goes on by itself: npm run ops');

    let sent = '';
    standInForAws({
      ...answers,
      PublishBatch: ({ body }: SentRequest) => {
        sent = firstMessage(body);
        return '<Successful/><Failed/>';
      },
      GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: sent === '' ? '0' : '1' } }),
      ReceiveMessage: () => ({ Messages: [letterOf(sent)] }),
      ChangeMessageVisibilityBatch: { Successful: [{ Id: '0' }] },
    });
    const refused = await run(refundCommand(), `${orderId} 5000 --id r-1 --yes`);
    expect(refused.printed).toContain('€50.00 was refused: nothing of it is sent.');
    expect(refused.said).toContain('Refund r-1 of order o-1001 was refused: more than is left');
    expect(refused.code).toBe(1);
  });

  test('of an order that has none to give is refused before anything is asked', async () => {
    const { requests } = standInForAws(shopAnswers({ Orders: confirmed, Payments: captured }));
    const { code, said } = await run(refundCommand(), `${orderId} 12001 --yes`);
    expect(said).toBe(
      '€120.01 is more than is left of order o-1001 (€120.00 captured, €0.00 refunded): ask for at most 12000 (€120.00).\n',
    );
    expect({ code, published: published(requests) }).toEqual({ code: 1, published: [] });
  });
});

/** The dead letter of payment for a message that was published. */
function letterOf(body: string) {
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
  const reason = { errorType: 'ConflictError', errorMessage: 'more than is left', consumer: 'payment', failedAt: time };
  const MessageAttributes = Object.fromEntries(
    Object.entries({ ...reason, attempts: '1' }).map(([name, text]) => [name, attribute(text)]),
  );
  const MD5OfBody = createHash('md5').update(body).digest('hex');
  return { MessageId: 'm-1', Body: body, MD5OfBody, ReceiptHandle: 'r-1', MessageAttributes };
}

describe('A cancellation', () => {
  const cancel = async (order: object, flags = '--yes') => {
    standInForAws(shopAnswers({}, { Orders: { ...order, orderId } }));
    return await run(cancelCommand(), `${orderId} ${flags}`);
  };

  test('of an order that has shipped is an error, with what to do instead', async () => {
    const { code, said, printed } = await cancel({ ...confirmed, dispatched: true }, '--yes --json');
    expect(JSON.parse(printed)).toMatchObject({ orderId, outcome: 'shipped', status: 'CONFIRMED' });
    expect(said).toContain('Order o-1001 has shipped, so it is not cancelled: refund it once its goods are back');
    expect(code).toBe(1);
  });

  test('of an order that was cancelled before changes nothing, and is none', async () => {
    const { code, printed } = await cancel({ status: 'CANCELLED', reason: 'timed-out', timeline: [] });
    expect(printed).toContain('o-1001 was cancelled already (timed-out): this changed nothing.');
    expect(code).toBe(0);
  });

  test.each([
    [{ total: { amount: 12_000, currency: 'EUR' } }, 'its money and its goods go back'],
    [{}, 'before it has come'],
  ])('that takes effect says so: %j', async (parts, sentence) => {
    const answers = shopAnswers({});
    let records: Record<string, object> = {};
    standInForAws({
      ...answers,
      BatchGetItem: () => ({
        Responses: Object.fromEntries(Object.entries(records).map(([table, record]) => [table, [marshall(record)]])),
      }),
      PublishBatch: ({ body }: SentRequest) => {
        const event = JSON.parse(firstMessage(body));
        const timeline = [{ time, type: event.type, source: event.source, id: `${event.source} ${event.id}` }];
        records = { Orders: { orderId, status: 'CANCELLED', reason: 'customer', timeline, ...parts } };
        return '<Successful/><Failed/>';
      },
    });
    const { code, printed } = await run(cancelCommand(), `${orderId} --yes`);
    expect(printed).toContain(sentence);
    expect(code).toBe(0);
  });

  test('of which nothing is known in time is an error', async () => {
    const { code, said } = await cancel(confirmed, '--yes --wait 1');
    expect(said).toContain('What became of it is not known after 1 s: npm run ops -- trace o-1001');
    expect(code).toBe(1);
  });
});
