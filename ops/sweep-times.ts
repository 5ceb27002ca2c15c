import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { RetentionTimes, SweepTimes } from '../lambdas/sweep/review.ts';
import type { DeployedShop } from './stack.ts';

/** The times by which a deployed sweep judges orders, and after which it ends their records. */
export type JudgingTimes = SweepTimes & Pick<RetentionTimes, 'recordMs'>;

/** Reads the times of the deployed sweep. */
export async function readSweepTimes(shop: DeployedShop): Promise<JudgingTimes> {
  const FunctionName = shop.output('SweepFunctionName');
  const { Environment } = await new LambdaClient(shop.config).send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  const milliseconds = (name: string) => {
    const seconds = Number(Environment?.Variables?.[name]);
    if (Number.isNaN(seconds)) throw new Error(`The sweep at ${shop.where} has no ${name}: deploy it again.`);
    return seconds * 1_000;
  };
  return {
    deadlineMs: milliseconds('ORDER_DEADLINE_SECONDS'),
    reminderMs: milliseconds('REMINDER_SECONDS'),
    settleMs: milliseconds('SETTLE_SECONDS'),
    // Versions before the setting kept them.
    recordMs: Number(Environment?.Variables?.RECORD_DAYS ?? 0) * 86_400_000,
  };
}
