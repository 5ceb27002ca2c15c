import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { functionOptions } from '../../bundling.ts';

const RUNTIME = /lambdas\/runtime\/consume\.ts$/;

/** Leaves out of our handler what makes log lines and metrics. */
const withoutLines: Plugin = {
  name: 'without-lines',
  setup({ onResolve, onEnd }) {
    const replaced = new Set<string>();
    onResolve({ filter: /^\.\/(fate|metrics)\.ts$/ }, ({ importer, path }) => {
      if (!RUNTIME.test(importer)) return undefined;
      replaced.add(path);
      return { path: join(import.meta.dirname, 'no-lines.ts') };
    });
    onEnd(() => {
      if (replaced.size === 2) return {};
      return {
        errors: [
          { text: 'lambdas/runtime/consume.ts makes its lines elsewhere: see bench/sections/handlers/bundled.ts' },
        ],
      };
    });
  },
};

/** Takes contestants' files and an empty folder, bundles each as a function is, and gives where each bundle is. */
export async function bundled(
  entries: readonly { name: string; file: string; lines: boolean }[],
  outdir: string,
): Promise<Map<string, string>> {
  for (const { name, file, lines } of entries) {
    await build({
      ...functionOptions,
      entryPoints: [{ in: join(import.meta.dirname, 'contestants', `${file}.ts`), out: name }],
      outdir,
      plugins: lines ? [] : [withoutLines],
    });
  }
  return new Map(entries.map(({ name }) => [name, join(outdir, `${name}.js`)]));
}
