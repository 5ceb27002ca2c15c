import type { ParkedLetter } from '../../lambdas/sweep/parked-letter.ts';

/** A parked letter of payment. */
export const parkedLetter = (parts: Partial<ParkedLetter> = {}): ParkedLetter => ({
  owner: 'ana',
  parkedAt: '2026-11-01T09:00:00.000Z',
  id: 'm-1',
  consumer: 'payment',
  deadLetterQueueUrl: 'https://sqs.test/1/payment-dead-letters',
  errorType: 'ContractError',
  reason: 'data.total: is missing',
  failedAt: '2026-10-31T09:00:00.000Z',
  letter: { body: '{}', attributes: {}, system: {} },
  ...parts,
});
