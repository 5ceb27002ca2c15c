import type { EngineName } from '../../localstack/engine.ts';

declare module 'vitest' {
  /** What the suite's setup hands to its tests. */
  interface ProvidedContext {
    engine: EngineName;
    endpoint: string;
    outputs: Record<string, string>;
    /** Why no test can run, or nothing. */
    skip: string;
  }
}
