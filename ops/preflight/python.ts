import { unavailableReason } from '../../localstack/engine.ts';

/** Says what is missing for the tests on MiniStack, without which the others say little, else why those on LocalStack are left out. */
export async function pythonTroubles(): Promise<{ missing?: string; leftOut?: string }> {
  const missing = await unavailableReason('ministack');
  if (missing !== undefined) return { missing };
  const localstack = await unavailableReason('localstack');
  return localstack === undefined ? {} : { leftOut: `The tests on LocalStack are left out. ${localstack}` };
}
