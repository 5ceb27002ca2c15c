import type { DeployedShop } from '../stack.ts';
import { type HistoryOptions, RedriveHistory } from './history.ts';
import type { Plan, PlanResult } from './plan.ts';
import { type RedriveOptions, redrive } from './redrive.ts';

/** Moves planned dead letters back as `redrive` does, and writes each down in the history. */
export async function putBack(
  shop: DeployedShop,
  plan: Plan,
  { file, onSent = () => {}, ...options }: RedriveOptions & Pick<HistoryOptions, 'file'>,
): Promise<PlanResult> {
  const { notify } = options;
  const history = new RedriveHistory(shop, 'redrive', { notify, ...(file === undefined ? {} : { file }) });
  try {
    return await redrive(plan, {
      ...options,
      onSent: (sent) => {
        history.add(sent);
        onSent(sent);
      },
    });
  } finally {
    await history.end();
  }
}
