import { Readable } from 'node:stream';
import { BatchExecuteStatementCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { ContractError } from '../../../contracts/parse.ts';
import { CircuitOpenError } from '../../../lambdas/runtime/circuit-breaker.ts';
import {
  BusyError,
  ConflictError,
  DeadlineExceededError,
  describeError,
  describeForLog,
  PermanentError,
  RetryAtError,
  UnavailableError,
  WaitingError,
} from '../../../lambdas/runtime/failure.ts';
import { defaultPolicy, type FailurePolicy, failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';

const named = (name: string, options?: ErrorOptions) => Object.assign(new Error('x', options), { name });

describe('Retries', () => {
  test.each<[string, unknown]>([
    ['an outage', new UnavailableError('down')],
    ['a lost race', new BusyError('busy')],
    ['an unknown error', new Error('?')],
    ['throttling', named('ThrottlingException')],
    ['a time-out', named('TimeoutError')],
    ['an unreachable host, as fetch reports it', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })],
    ['undefined', undefined],
    ['null', null],
    ['a string', 'TypeError'],
    ['a number', 0],
    ['an object that is not an Error', { name: 'TypeError', message: 'x' }],
    ['an outage that wraps a bug', new UnavailableError('down', { cause: new TypeError('x') })],
  ])('%s', (_, thrown) => {
    expect(failureActionFor(thrown).action).toBe('retry');
  });

  test('an HTML answer with status 503 that the SDK cannot parse', async () => {
    expect(failureActionFor(await answerOf(503, '<html><body>Service Unavailable</body></html>')).action).toBe('retry');
  });

  test('a truncated success that the SDK cannot parse', async () => {
    expect(failureActionFor(await answerOf(200, '{"Responses":[{"Tab')).action).toBe('retry');
  });
});

describe('Dead-letters at once', () => {
  test.each<[string, unknown]>([
    ['a broken contract', new ContractError([{ path: 'id', problem: 'is missing' }])],
    ['a conflict', new ConflictError('another total')],
    ['an API validation error', named('ValidationException')],
    ["a bug's TypeError", new TypeError("Cannot read properties of undefined (reading 'x')")],
    ['a ReferenceError', new ReferenceError('x is not defined')],
    ['a RangeError', new RangeError('Invalid array length')],
  ])('%s', (_, thrown) => {
    expect(failureActionFor(thrown).action).toBe('dead-letter');
  });
});

describe('The backoff after a failure', () => {
  test.each<[string, unknown, number, number]>([
    ['an outage', new UnavailableError('down'), 2, 900],
    ['an unknown error', new Error('?'), 2, 900],
    ['undefined', undefined, 2, 900],
    ['a language error caused by a failed request', new TypeError('x', { cause: new Error('ECONNREFUSED') }), 2, 900],
    ['a bank that is still processing', new WaitingError('processing'), 2, 900],
    // A downstream may hang until the deadline for as long as an outage lasts.
    ['an invocation that ran out of time', new DeadlineExceededError('late'), 2, 900],
  ])('%s: starts at %s seconds', (_, thrown, firstSeconds, maxSeconds) => {
    expect(failureActionFor(thrown)).toEqual({ action: 'retry', firstSeconds, maxSeconds });
  });
});

test.each([new BusyError('busy'), named('TransactionConflictException')])(
  'The backoff after %s is that of contention for ten minutes',
  (thrown) => {
    const contention = { action: 'retry', firstSeconds: 1, maxSeconds: 30, forSeconds: 600 };
    expect(failureActionFor(thrown)).toEqual(contention);
  },
);

describe('A failure policy', () => {
  const policy: FailurePolicy = { Special: { action: 'dead-letter' }, otherwise: defaultPolicy.otherwise };

  test('treats the error classes it names differently', () => {
    expect(failureActionFor(named('Special'), policy)).toEqual({ action: 'dead-letter' });
    expect(failureActionFor(new ConflictError('x'), policy)).toEqual(defaultPolicy.otherwise);
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'ignores inherited object properties: an error named %s',
    (name) => {
      expect(failureActionFor(named(name))).toEqual(defaultPolicy.otherwise);
    },
  );
});

describe('A language error', () => {
  test.each(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'])(
    '%s is dead-lettered as a bug, and retried when an answer caused it',
    (name) => {
      expect(failureActionFor(named(name)).action).toBe('dead-letter');
      for (const about of [{ $response: {} }, { $metadata: {} }, { cause: new Error('x') }])
        expect(failureActionFor(Object.assign(named(name), about)).action).toBe('retry');
    },
  );

  test('is different from a permanent refusal, which has response metadata too', () => {
    const refused = Object.assign(named('ValidationException'), { $metadata: {} });
    expect(failureActionFor(refused).action).toBe('dead-letter');
  });
});

describe('The description of a failure', () => {
  test('contains no phone number', () => {
    const error = new Error('PhoneNumber: +821012345678 is not valid, nor is (+14155550123)');
    expect(describeError(error).errorMessage).toBe('PhoneNumber: +… is not valid, nor is (+…)');
  });

  test('keeps the example of a contract, and no number that a message may have', () => {
    const problem = 'must be an E.164 number such as +821012345678';
    expect(describeError(new ContractError([{ path: 'data.phone', problem }])).errorMessage).toBe(
      `data.phone: ${problem}`,
    );
    const both = `${problem}, and +821098765432 is none; such as +821098765432`;
    expect(describeError(new Error(both)).errorMessage).toBe(`${problem}, and +… is none; such as +…`);
  });

  test.each<[unknown, string, string]>([
    [new UnavailableError('The bus is down'), 'UnavailableError', 'The bus is down'],
    [
      new ContractError(['id', 'data'].map((path) => ({ path, problem: 'is missing' }))),
      'ContractError',
      'id: is missing; data: is missing',
    ],
    [new Error(''), 'Error', 'Error'],
    [undefined, 'NonError', 'undefined was thrown'],
    ['some text, maybe a phone number', 'NonError', 'a string was thrown'],
    [null, 'NonError', 'null was thrown'],
  ])('of %s', (thrown, errorType, errorMessage) => {
    expect(describeError(thrown)).toEqual({ errorType, errorMessage });
  });

  test('has an error type even when the error has no name, because SQS refuses empty attributes', () => {
    expect(describeError(named('')).errorType).not.toBe('');
  });
});

describe('The description of a failure for a log line', () => {
  test('names the lines it was thrown from, innermost first, and repeats neither message nor phone number', () => {
    const inner = () => {
      throw new PermanentError('refused +821012345678\n    at +14155550123');
    };
    const { errorType, stackTrace = [] } = describeForLog(thrownBy(inner));
    expect(errorType).toBe('PermanentError');
    expect(stackTrace[0]).toMatch(/^at .*failure\.test\.ts:\d+:\d+\)?$/);
    expect(JSON.stringify(stackTrace)).not.toMatch(/refused|8210|14155/);
  });

  test('names the lines of a mistake in code that was taken for an outage', () => {
    const mistake = thrownBy(() => JSON.parse('{"a":'.repeat(2)).b);
    const { errorMessage, stackTrace = [] } = describeForLog(
      new UnavailableError('The bus is down', { cause: mistake }),
    );
    expect(errorMessage).toBe('The bus is down');
    expect(stackTrace.join()).toMatch(/failure\.test\.ts:\d+:\d+/);
    const unreachable = new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    expect(describeForLog(new UnavailableError('down', { cause: unreachable })).stackTrace).toBeUndefined();
  });

  test('has ten short frames at most, so that a log line stays whole', () => {
    const error = new Error('deep');
    error.stack = `Error: deep\n${`    at f (/var/task/lambdas/${'x'.repeat(300)}.ts:1:1)\n`.repeat(50)}`;
    const { stackTrace = [] } = describeForLog(error);
    expect(stackTrace).toHaveLength(10);
    expect(Math.max(...stackTrace.map((frame) => frame.length))).toBe(200);
  });

  test.each([
    new ContractError([{ path: 'id', problem: 'is missing' }]),
    new BusyError('busy'),
    new WaitingError('a bank'),
    new DeadlineExceededError('late'),
    new UnavailableError('an outage'),
    new CircuitOpenError('open'),
    new RetryAtError(new Date()),
    'a string',
  ])('has no frames where they would say nothing: %s', (thrown) => {
    expect(describeForLog(thrown)).toEqual(describeError(thrown));
  });
});

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('It should have thrown');
}

/** Returns the error of the real SDK client for a response. */
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
