import { watch as watchFolder } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { toUserMessage } from '../errors.ts';
import { formatDuration } from '../format.ts';
import type { ShopFunction } from '../functions.ts';
import { updateFunctionCode } from './function-code.ts';
import {
  type Build,
  type BuildListener,
  type Bundle,
  type Watched,
  watchFunction,
  watchTemplate,
} from './watch-bundle.ts';

const SETTINGS_FOLDER = join(import.meta.dirname, '..', '..', 'settings');
const SETTINGS_FILE = 'local.json';
// Some editors save several files at once, and one save of a contract builds every function.
const QUIET_MS = 100;

export type SessionOptions = {
  functions: readonly ShopFunction[];
  /** The file that each function is bundled from. */
  entries: Readonly<Record<string, string>>;
  lambda: LambdaClient;
  /** Called with the functions that are about to be updated. */
  beforeUpdate: (names: readonly string[]) => Promise<void>;
  notify: (text: string) => void;
};

/** The watching of one deployment's sources: saved code is put into its functions, until the template changes. */
export class WatchSession {
  private readonly options: SessionOptions;
  private readonly watched: { dispose(): unknown }[] = [];
  private readonly latest = new Map<string, Build>();
  private readonly running = new Map<string, Bundle>();
  private template: Build | undefined;
  private isTemplateChanged = false;
  private building = 0;
  private startedAt: number | undefined;
  private saved = Promise.withResolvers<void>();
  private said = '';

  private constructor(options: SessionOptions) {
    this.options = options;
  }

  /** Builds everything, which is taken for what is deployed, and begins to watch. */
  static async begin(options: SessionOptions): Promise<WatchSession> {
    const session = new WatchSession(options);
    const { functions, entries } = options;
    const watched: Promise<Watched>[] = functions.map(({ name }) =>
      watchFunction(
        name,
        entries[name],
        session.listener((build) => session.latest.set(name, build)),
      ),
    );
    session.watched.push(...(await Promise.all([...watched, watchTemplate(session.listener(session.onTemplate))])));
    for (const [name, build] of session.latest) if ('bundle' in build) session.running.set(name, build.bundle);
    const folder = watchFolder(SETTINGS_FOLDER, (_, file) => {
      if (file === SETTINGS_FILE) session.onSettings();
    });
    session.watched.push({ dispose: () => folder.close() });
    return session;
  }

  /** Says that sources may have been saved since the deployment began, so that its code is not known. */
  distrust({ template }: { template: boolean }): void {
    this.running.clear();
    this.isTemplateChanged ||= template;
    this.saved.resolve();
  }

  /** Updates functions, until a save changes the template. */
  async updateUntilTemplateChanges(signal: AbortSignal): Promise<void> {
    const aborted = abortOf(signal);
    while (!this.isTemplateChanged) {
      await Promise.race([this.saved.promise, aborted]);
      do await pause(QUIET_MS, undefined, { signal });
      while (this.building > 0);
      this.saved = Promise.withResolvers();
      const startedAt = this.startedAt ?? Date.now();
      this.startedAt = undefined;
      const wasBroken = this.said !== '';
      this.reportProblems();
      const isUpdated = await this.updateFunctions(startedAt);
      if (wasBroken && this.said === '' && !isUpdated) this.options.notify('✓ builds again, as what runs');
    }
    this.isTemplateChanged = false;
  }

  async end(): Promise<void> {
    await Promise.all(this.watched.map((one) => one.dispose()));
  }

  private listener(onBuild: (build: Build) => void): BuildListener {
    return {
      onStart: () => {
        this.building += 1;
        this.startedAt ??= Date.now();
      },
      onEnd: (build) => {
        this.building -= 1;
        onBuild(build);
        this.saved.resolve();
      },
    };
  }

  private onTemplate = (build: Build): void => {
    const before = this.template;
    if (before !== undefined && 'bundle' in build && !('bundle' in before && isSame(before.bundle, build.bundle))) {
      this.isTemplateChanged = true;
    }
    this.template = build;
  };

  private onSettings(): void {
    this.isTemplateChanged = true;
    this.saved.resolve();
  }

  /** Says what is wrong, once: a mistake in a contract breaks the build of every function. */
  private reportProblems(): void {
    const builds = [...this.latest.values(), ...(this.template === undefined ? [] : [this.template])];
    const problems = [...new Set(builds.flatMap((build) => ('problems' in build ? build.problems : [])))];
    const text = problems.map((problem) => `✗ ${problem}`).join('\n');
    if (text !== '' && text !== this.said) this.options.notify(`${text}\n  What was deployed runs on.`);
    this.said = text;
  }

  /** Updates the functions whose code differs from what runs; tells whether there were any. */
  private async updateFunctions(startedAt: number): Promise<boolean> {
    const { functions, lambda, beforeUpdate, notify } = this.options;
    const changed = functions.flatMap(({ name, functionName }) => {
      const build = this.latest.get(name);
      if (build === undefined || 'problems' in build || isSame(this.running.get(name), build.bundle)) return [];
      return [{ name, functionName, bundle: build.bundle }];
    });
    if (changed.length === 0) return false;
    const names = changed.map(({ name }) => name).join(', ');
    try {
      await beforeUpdate(changed.map(({ name }) => name));
      await Promise.all(
        changed.map(async ({ name, functionName, bundle }) => {
          await updateFunctionCode(lambda, functionName, bundle);
          this.running.set(name, bundle);
        }),
      );
      notify(`✓ ${names} running after ${formatDuration(Date.now() - startedAt)}`);
    } catch (error) {
      notify(`✗ ${names} could not be updated: ${toUserMessage(error)}\n  The next save tries again.`);
    }
    return true;
  }
}

const isSame = (one: Bundle | undefined, other: Bundle): boolean =>
  one !== undefined && JSON.stringify(one) === JSON.stringify(other);

const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
