import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { SweepTimes } from '../lambdas/sweep/review.ts';
import type { DeployedShop } from './stack.ts';

/** Reads the times by which the deployed sweep judges orders. */
export async function readSweepTimes(shop: DeployedShop): Promise<SweepTimes> {
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
  };
}
