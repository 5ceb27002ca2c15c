import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framesOf, sourceLines } from '../../../lambdas/runtime/stack-frames.ts';

/** An error as V8 and the source maps of a deployed function write it. */
function withStack(message: string, ...frames: string[]): Error {
  const error = new TypeError(message);
  error.stack = [`TypeError: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

const DEPLOYED = [
  'plan (/var/task/lambdas/stock/plan.ts:41:17)',
  'SQSClient.send (/var/task/index.js:1:234567)',
  'Array.map (<anonymous>)',
  'async runHandler (/var/task/lambdas/runtime/consume.ts:230:21)',
  '/var/task/contracts/parse.ts:88:9',
  'process.processTicksAndRejections (node:internal/process/task_queues:105:5)',
  'async Promise.all (index 0)',
];

describe('The frames of an error', () => {
  test('are those of this repository by their paths in it, and the innermost of others', () => {
    expect(framesOf(withStack('x is not a function', ...DEPLOYED))).toEqual([
      'at plan (lambdas/stock/plan.ts:41:17)',
      'at SQSClient.send (index.js:1:234567)',
      'at async runHandler (lambdas/runtime/consume.ts:230:21)',
      'at contracts/parse.ts:88:9',
    ]);
  });

  test('are found behind more than ten of the SDK', () => {
    const sdk = Array.from({ length: 20 }, () => 'send (/var/task/index.js:1:2)');
    const frames = framesOf(withStack('refused', ...sdk, 'save (/var/task/lambdas/runtime/records.ts:112:18)'));
    expect(frames.at(-1)).toBe('at save (lambdas/runtime/records.ts:112:18)');
  });

  test.each([
    ['that an engine unpacked', '/tmp/한글 폴더/code-1/lambdas/stock/plan.ts:41:17'],
    ['below another folder of that name', '/home/lambdas/shop/lambdas/stock/plan.ts:41:17'],
    ['that is an ES module', 'file:///var/task/lambdas/stock/plan.ts:41:17'],
  ])('of code %s have neither machine nor folder', (_, place) => {
    expect(sourceLines([`at plan (${place})`])).toHaveLength(1);
    expect(sourceLines([`at plan (${place})`])[0]).toMatch(/lambdas\/stock\/plan\.ts:41:17$/);
    expect(sourceLines([`at plan (${place})`])[0]).not.toMatch(/tmp|home|file/);
  });

  test.each([
    ['a message that says what was read', "Cannot read properties of undefined (reading '+821012345678')", []],
    [
      'a message with lines like frames',
      'no\n    at tok_visa (/var/task/lambdas/+821012345678.ts:1:1)\n    at Kim:1:1',
      [],
    ],
    ['a function named by a key', 'x', ['+821012345678 (/var/task/lambdas/stock/plan.ts:1:1)']],
    ['a method named by a key', 'x', ['Object.tok_visa [as Kim Min-su] (/var/task/lambdas/stock/plan.ts:1:1)']],
    ['a function named by a number', 'x', ['Object.821012345678 (/var/task/index.js:1:1)']],
    ['a path with a number', 'x', ['f (/var/task/lambdas/821012345678/plan.ts:1:1)']],
    [
      'a path that is none',
      'x',
      ['f (data:text/javascript,tok_visa:1:1)', 'eval (eval at tok_visa (x:1:1), <anonymous>:1:1)'],
    ],
  ])('have nothing of %s', (_, message, frames) => {
    const found = framesOf(withStack(message, ...frames, ...DEPLOYED));
    expect(found).toContain('at plan (lambdas/stock/plan.ts:41:17)');
    expect(JSON.stringify(found)).not.toMatch(/8210|tok_|Kim|Min-su/);
  });

  test('have no part of a message, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: 'grapheme' }), (value) => {
        const frames = framesOf(withStack(`reading ${value}\n    at ${value}`, ...DEPLOYED));
        expect(frames).toEqual(framesOf(withStack('', ...DEPLOYED)));
      }),
    );
  });

  test('are none where there is no stack', () => {
    const error = new Error('x');
    Reflect.deleteProperty(error, 'stack');
    expect(framesOf(error)).toEqual([]);
  });
});

describe('The source lines among frames', () => {
  test('have neither the names of functions nor packages nor Node', () => {
    const bundled = 'send (/var/task/node_modules/p/lambdas/index.ts:1:1)';
    expect(sourceLines(framesOf(withStack('x', bundled, ...DEPLOYED)))).toEqual([
      'lambdas/stock/plan.ts:41:17',
      'lambdas/runtime/consume.ts:230:21',
      'contracts/parse.ts:88:9',
    ]);
  });
});
