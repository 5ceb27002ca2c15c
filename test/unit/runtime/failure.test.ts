import { Readable } from 'node:stream';
import { BatchExecuteStatementCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { ContractError } from '../../../contracts/parse.ts';
import {
  BusyError,
  ConflictError,
  DeadlineExceededError,
  describeError,
  UnavailableError,
} from '../../../lambdas/runtime/failure.ts';
import { defaultPolicy, type FailurePolicy, failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';

const named = (name: string, options?: ErrorOptions) => Object.assign(new Error('x', options), { name });

describe('Tried again', () => {
  test.each<[string, unknown]>([
    ['an outage', new UnavailableError('down')],
    ['a race', new BusyError('busy')],
    ['an error nobody knows', new Error('?')],
    ['throttling', named('ThrottlingException')],
    ['a time-out', named('TimeoutError')],
    ['an unreachable host, as fetch reports it', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'TypeError'],
    ['a number', 0],
    ['an object that only looks like an error', { name: 'TypeError', message: 'x' }],
    ['an outage that wraps a bug', new UnavailableError('down', { cause: new TypeError('x') })],
  ])('%s', (_, thrown) => {
    expect(failureActionFor(thrown).action).toBe('retry');
  });

  test('a load balancer that answers 503 in HTML, which the SDK fails to read', async () => {
    expect(failureActionFor(await answerOf(503, '<html><body>Service Unavailable</body></html>')).action).toBe('retry');
  });

  test('a success cut short on the way, which the SDK fails to read', async () => {
    expect(failureActionFor(await answerOf(200, '{"Responses":[{"Tab')).action).toBe('retry');
  });
});

describe('Dead-lettered at once', () => {
  test.each<[string, unknown]>([
    ['a broken contract', new ContractError(['id: is missing'])],
    ['a contradiction', new ConflictError('another total')],
    ['a call the API will never take', named('ValidationException')],
    ["a bug's TypeError", new TypeError("Cannot read properties of undefined (reading 'x')")],
    ['a ReferenceError', new ReferenceError('x is not defined')],
    ['a RangeError', new RangeError('Invalid array length')],
  ])('%s', (_, thrown) => {
    expect(failureActionFor(thrown).action).toBe('dead-letter');
  });
});

describe('The wait for it', () => {
  test.each<[string, unknown, number, number]>([
    ['an outage', new UnavailableError('down'), 2, 900],
    ['an error nobody knows', new Error('?'), 2, 900],
    ['undefined', undefined, 2, 900],
    ['a language error that is about an answer', new TypeError('x', { cause: new Error('ECONNREFUSED') }), 2, 900],
    ['a race', new BusyError('busy'), 1, 30],
    ['a lost transaction', named('TransactionConflictException'), 1, 30],
    // Whoever hangs until the deadline may do so for as long as an outage lasts.
    ['an invocation that ran out of time', new DeadlineExceededError('late'), 2, 900],
  ])('%s: from %s', (_, thrown, firstSeconds, maxSeconds) => {
    expect(failureActionFor(thrown)).toEqual({ action: 'retry', firstSeconds, maxSeconds });
  });
});

describe('A policy', () => {
  const policy: FailurePolicy = { Special: { action: 'dead-letter' }, otherwise: defaultPolicy.otherwise };

  test('names the classes it treats otherwise', () => {
    expect(failureActionFor(named('Special'), policy)).toEqual({ action: 'dead-letter' });
    expect(failureActionFor(new ConflictError('x'), policy)).toEqual(defaultPolicy.otherwise);
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'is not asked for what every object has: an error named %s',
    (name) => {
      expect(failureActionFor(named(name))).toEqual(defaultPolicy.otherwise);
    },
  );
});

describe('A language error', () => {
  test.each(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'])(
    '%s is a bug by itself, and bad luck when it is about an answer',
    (name) => {
      expect(failureActionFor(named(name)).action).toBe('dead-letter');
      for (const about of [{ $response: {} }, { $metadata: {} }, { cause: new Error('x') }])
        expect(failureActionFor(Object.assign(named(name), about)).action).toBe('retry');
    },
  );

  test('is told apart from an answer that refuses for good, which has metadata as well', () => {
    const refused = Object.assign(named('ValidationException'), { $metadata: {} });
    expect(failureActionFor(refused).action).toBe('dead-letter');
  });
});

describe('What an operator reads of it', () => {
  test('has no phone number, wherever it stood', () => {
    const error = new Error('PhoneNumber: +821012345678 is not valid, nor is (+14155550123)');
    expect(describeError(error).errorMessage).toBe('PhoneNumber: +… is not valid, nor is (+…)');
  });

  test.each<[unknown, string, string]>([
    [new UnavailableError('The bus is down'), 'UnavailableError', 'The bus is down'],
    [new ContractError(['id: is missing', 'data: is missing']), 'ContractError', 'id: is missing; data: is missing'],
    [new Error(''), 'Error', 'Error'],
    [undefined, 'NonError', 'a undefined was thrown'],
    ['some text, maybe a phone number', 'NonError', 'a string was thrown'],
    [null, 'NonError', 'a object was thrown'],
  ])('%s', (thrown, errorType, errorMessage) => {
    expect(describeError(thrown)).toEqual({ errorType, errorMessage });
  });

  test('an error without a name still has a class, for an empty attribute would be refused by SQS', () => {
    expect(describeError(named('')).errorType).not.toBe('');
  });
});

/** What the real SDK client throws when it is answered so. */
async function answerOf(statusCode: number, body: string): Promise<unknown> {
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({ response: { statusCode, headers: {}, body: Readable.from([Buffer.from(body)]) } }),
    },
  });
  try {
    await client.send(new BatchExecuteStatementCommand({ Statements: [{ Statement: 'SELECT' }] }));
  } catch (error) {
    return error;
  }
  throw new Error('It should have failed');
}
