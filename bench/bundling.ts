import type { BuildOptions } from 'esbuild';
import { bundling } from '../infra/bundling.ts';

/** How our functions are bundled. */
export const ourOptions = bundling;

const { alias: _, supported: __, ...common } = bundling;

/** How a peer is bundled: as ours, but for what our bundles do to the SDK. */
export const functionOptions: BuildOptions = common;
