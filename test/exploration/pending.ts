import { type Id, remembering } from './pool.ts';

/** Thrown where the product's code has to be awaited first; whoever catches it awaits `work` and asks again. */
export class Pending extends Error {
  readonly work: Promise<void>;

  constructor(work: Promise<void>) {
    super('Something has to be awaited first');
    this.work = work;
  }
}

/** Remembers what an asynchronous function resolves to for some numbers, so that an exploration need not be asynchronous. */
export function awaiting<Ids extends readonly Id[], R>(compute: (...ids: Ids) => Promise<R>): (...ids: Ids) => R {
  const entryOf = remembering((...ids: Ids) => ({ ids, value: undefined as { of: R } | undefined }));
  return (...ids) => {
    const entry = entryOf(...ids);
    if (entry.value !== undefined) return entry.value.of;
    throw new Pending(
      compute(...ids).then((of) => {
        entry.value = { of };
      }),
    );
  };
}

/** Calls a function again until nothing has to be awaited any more. */
export async function completed<R>(compute: () => R): Promise<R> {
  for (;;) {
    try {
      return compute();
    } catch (error) {
      if (!(error instanceof Pending)) throw error;
      await error.work;
    }
  }
}
