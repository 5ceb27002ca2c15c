import type { Layout } from './layout.ts';
import type { DeployedShop } from './stack.ts';
import { describePlace } from './where.ts';

/** Puts a line above a report that says which stack it is about, where that is, and in which zone its times are. */
export const underHeader =
  (shop: Pick<DeployedShop, 'stackName' | 'stackArn' | 'where' | 'local'>, text: (layout: Layout) => string) =>
  (layout: Layout): string =>
    `${shop.stackName} at ${describePlace(shop)}; times in UTC\n\n${text(layout)}`;
