import '../deployed/provided.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the deployed cloud assembly, with every function's bundle. */
    assembly: string;
  }
}
