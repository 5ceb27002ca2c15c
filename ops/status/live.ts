import { toUserMessage } from '../errors.ts';
import { underHeader } from '../header.ts';
import type { DeployedShop } from '../stack.ts';
import { layOut } from '../wrap.ts';
import type { ShopStatus } from './health.ts';
import { statusReport } from './report.ts';

/** Lays out what a live view shows now: the status, or why there is none, with the time and a hint below the header. */
export async function liveText(
  shop: DeployedShop,
  collectStatus: () => Promise<ShopStatus>,
  hint: string,
): Promise<string> {
  const status = await collectStatus().catch(toUserMessage);
  const now = new Date();
  return layOut(
    underHeader(shop, (layout) => {
      const shown = typeof status === 'string' ? status : statusReport(status, now, layout);
      return `${now.toISOString().slice(11, 19)}, ${hint}\n\n${shown}`;
    }),
  );
}
