import { EventEmitter } from 'node:events';
import { toUserMessage } from '../../errors.ts';
import type { JobKind, JobView } from '../api/live.ts';

/** What a running operation reports through. */
export type Job = {
  /** Aborted by whoever stops it. */
  readonly signal: AbortSignal;
  progress(now: Partial<Pick<JobView, 'done' | 'total' | 'text' | 'detail'>>): void;
};

/** `revision`: that of its last change. */
type Started = { view: JobView; controller: AbortController; ended: Promise<void>; revision: number };

/** So many that ended stay to be looked at. */
const KEPT = 50;

/** Runs operations that outlive the request that started them. */
export class Jobs {
  private readonly started = new Map<string, Started>();
  // Every browser listens.
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private readonly onEnd: (view: JobView) => Promise<void>;
  private count = 0;
  private revision = 0;

  /** `onEnd` is called with each operation that ended, and may not fail. */
  constructor(onEnd: (view: JobView) => Promise<void> = async () => {}) {
    this.onEnd = onEnd;
  }

  /** Returns all that are known, the newest first. */
  views(): JobView[] {
    return [...this.started.values()].map(({ view }) => view).reverse();
  }

  /** Starts an operation and returns at once; its result, or the sentence of its error, is part of its view. */
  start({ kind, title }: { kind: JobKind; title: string }, run: (job: Job) => Promise<unknown>): JobView {
    this.count += 1;
    const id = `${kind}-${this.count}`;
    const view: JobView = {
      id,
      kind,
      title,
      startedAt: new Date().toISOString(),
      state: 'running',
      done: 0,
      total: null,
      text: '',
    };
    const controller = new AbortController();
    const { signal } = controller;
    const progress: Job['progress'] = (now) => {
      Object.assign(view, now);
      this.changed(id);
    };
    // What throws at once ends the operation too, not the request.
    const ended = Promise.resolve()
      .then(() => run({ signal, progress }))
      .then(
        (result) => Object.assign(view, { result, state: signal.aborted ? 'stopped' : 'done' }),
        (error: unknown) => Object.assign(view, failureOf(error, signal)),
      )
      .then(() => {
        view.endedAt = new Date().toISOString();
        this.changed(id);
        return this.onEnd(view);
      });
    this.started.set(id, { view, controller, ended, revision: 0 });
    this.forgetOldest();
    this.changed(id);
    return view;
  }

  /** Returns those that changed after a revision, the newest first, and the present revision: what ended long ago is not told again and again. */
  changesSince(revision: number): { revision: number; views: JobView[] } {
    const changed = [...this.started.values()].filter((one) => one.revision > revision);
    return { revision: this.revision, views: changed.map(({ view }) => view).reverse() };
  }

  /** Asks an operation to end after what it is at; `false` where there is none of that id. */
  stop(id: string): boolean {
    const found = this.started.get(id);
    found?.controller.abort();
    return found !== undefined;
  }

  /** Stops all and waits until they have ended, so that nothing is left half done. */
  async stopAll(): Promise<void> {
    for (const { controller } of this.started.values()) controller.abort();
    await Promise.all([...this.started.values()].map(({ ended }) => ended));
  }

  running(): number {
    return this.views().filter(({ state }) => state === 'running').length;
  }

  /** Calls a listener at every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.changes.on('change', listener);
    return () => void this.changes.off('change', listener);
  }

  private changed(id: string): void {
    this.revision += 1;
    const started = this.started.get(id);
    if (started !== undefined) started.revision = this.revision;
    this.changes.emit('change');
  }

  private forgetOldest(): void {
    const ended = [...this.started].filter(([, { view }]) => view.state !== 'running');
    for (const [id] of ended.slice(0, Math.max(0, ended.length - KEPT))) this.started.delete(id);
  }
}

/** Says how an operation failed; that it was stopped is no error of its own. */
function failureOf(error: unknown, { aborted }: AbortSignal): Pick<JobView, 'state' | 'error'> {
  const isStop = aborted && error instanceof Error && error.name === 'AbortError';
  return { state: aborted ? 'stopped' : 'failed', ...(isStop ? {} : { error: toUserMessage(error) }) };
}
