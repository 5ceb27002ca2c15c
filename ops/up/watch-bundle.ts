import { basename, dirname, join } from 'node:path';
import {
  type BuildContext,
  type BuildOptions,
  type BuildResult,
  build,
  context,
  type Message,
  type Plugin,
} from 'esbuild';
import { bundlingOptions, reducedSourceMap, sourceOf } from '../../infra/bundling.ts';

const root = join(import.meta.dirname, '..', '..');

/** A function's code as it is deployed: its files by name. */
export type Bundle = Readonly<Record<string, string>>;

/** What a build came to: a bundle, or what is wrong with the sources. */
export type Build = { bundle: Bundle } | { problems: readonly string[] };

export type BuildListener = { onStart(): void; onEnd(build: Build): void };

/** esbuild looks at all sources of a build by itself, so that new files, renamed ones and what editors write beside them need no care here. */
export type Watched = Pick<BuildContext, 'dispose'>;

/** The options for one function; nothing is written to `outdir`, but the map names the sources from it. */
const functionOptions = (name: string, entry?: string) =>
  ({
    ...bundlingOptions,
    entryPoints: [{ in: sourceOf(name, entry), out: join(name, 'index') }],
    outdir: join(root, '.local', 'watch'),
    write: false,
    logLevel: 'silent',
    absWorkingDir: root,
  }) satisfies BuildOptions;

/** Bundles a function once. */
export async function bundleFunction(name: string, entry?: string): Promise<Bundle> {
  return bundleOf(await build(functionOptions(name, entry)));
}

/** Bundles a function, and again whenever one of its sources is saved; the first build has ended when this returns. */
export const watchFunction = (name: string, entry: string | undefined, listener: BuildListener): Promise<Watched> =>
  watchBuild(functionOptions(name, entry), listener);

/** Does so with what the template is made of; its bundle is never run, but is the same as long as the template is. */
export const watchTemplate = (listener: BuildListener): Promise<Watched> =>
  watchBuild(
    {
      entryPoints: [join(root, 'infra', 'app.ts')],
      outdir: join(root, '.local', 'watch'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      minify: true,
      write: false,
      logLevel: 'silent',
      absWorkingDir: root,
    },
    listener,
  );

async function watchBuild(options: BuildOptions, { onStart, onEnd }: BuildListener): Promise<Watched> {
  const first = Promise.withResolvers<void>();
  const plugin: Plugin = {
    name: 'report',
    setup(build) {
      build.onStart(onStart);
      build.onEnd((result) => {
        onEnd(buildOf(result));
        first.resolve();
      });
    },
  };
  const watched = await context({ ...options, plugins: [plugin] });
  await watched.watch();
  await first.promise;
  return watched;
}

const buildOf = (result: BuildResult): Build =>
  result.errors.length > 0 ? { problems: result.errors.map(describeProblem) } : { bundle: bundleOf(result) };

function bundleOf({ outputFiles = [] }: BuildResult): Bundle {
  const files = outputFiles.map(({ path, text }) => [
    basename(path),
    path.endsWith('.map') ? reducedSourceMap(text, dirname(path)) : text,
  ]);
  return Object.fromEntries(files.sort());
}

const describeProblem = ({ text, location }: Message): string =>
  location === null
    ? text
    : `${location.file}:${location.line}:${location.column + 1}: ${text}\n  ${location.lineText.trim()}`;
