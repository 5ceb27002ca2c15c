import type { BuildOptions } from 'esbuild';
import { bundlingOptions } from '../infra/bundling.ts';

/** How our functions are bundled. */
export const ourOptions = bundlingOptions;

const { alias: _, supported: __, ...common } = bundlingOptions;

/** How a peer is bundled: as ours, but for what our bundles do to the SDK. */
export const functionOptions: BuildOptions = common;
