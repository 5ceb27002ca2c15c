import { describe, expect, test } from 'vitest';
import { answerProblem } from '../../../ops/verify/intake.ts';

const acme = { sender: 'acme', status: 401 } as const;
const nobody = { sender: undefined, status: 404 } as const;

describe('An address of the intake', () => {
  test("that refuses a wrong signature, or that is nobody's, is in order", () => {
    expect(answerProblem(401, acme)).toBeUndefined();
    expect(answerProblem(404, nobody)).toBeUndefined();
  });

  test.each([
    [503, acme, /^it answers 503 instead of 401: the secret of acme cannot be read, or is empty/],
    [403, acme, /its policy does not let everybody call its address: put it back as the template has it/],
    [429, acme, /the concurrency of its function, or of the account, is used up/],
    [404, acme, /^it answers 404 instead of 401: `npm run ops -- logs intake` says why$/],
    [502, acme, /^it answers 502 instead of 401/],
    [401, nobody, /^it answers 401 instead of 404/],
    [202, acme, /^it answers 202 instead of 401/],
  ] as const)('that answers %i is dead, for a reason in a sentence', (status, expected, problem) => {
    expect(answerProblem(status, expected)).toMatch(problem);
  });
});
