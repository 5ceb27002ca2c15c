import type { EngineName } from '../../localstack/engine.ts';

declare module 'vitest' {
  /** Values that the suite's setup provides to its tests. */
  interface ProvidedContext {
    engine: EngineName;
    endpoint: string;
    outputs: Record<string, string>;
    /** Why no test can run, or an empty string. */
    skip: string;
    /** A port on which the one test file listens that works on the engine. */
    turnPort: number;
    /** The port of the addresses that the shop of the suite posts events to. */
    webhookPort: number;
  }
}
