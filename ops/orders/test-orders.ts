import { requireSandbox } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';

/** Throws where orders must not be made up: where they would be charged for real, and on AWS, where they are texted, to a made-up number. */
export function assertTestOrdersAllowed(
  shop: DeployedShop,
  { what, phone }: { what: string; phone?: string | undefined },
): void {
  requireSandbox(shop, what);
  if (shop.local || phone !== undefined) return;
  throw new Error('On AWS texts are real: name the number that gets them with --phone.');
}
