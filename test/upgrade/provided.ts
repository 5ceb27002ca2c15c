import '../deployed/provided.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The commit of the older version. */
    commit: string;
    /** The folders of the older version's code and of a copy of this one's. */
    checkouts: { older: string; head: string };
  }
}
