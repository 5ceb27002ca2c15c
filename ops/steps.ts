/** What an operation reports while it runs: its steps, one after the other, and notices between them. */
export type ProgressEvent =
  | { kind: 'started' | 'succeeded' | 'failed'; step: string }
  | { kind: 'notice'; text: string };

export type OnProgress = (event: ProgressEvent) => void;

/** Runs one step of an operation and reports its start and its end. */
export async function reportStep<T>(step: string, onProgress: OnProgress, work: () => Promise<T>): Promise<T> {
  onProgress({ kind: 'started', step });
  try {
    const result = await work();
    onProgress({ kind: 'succeeded', step });
    return result;
  } catch (error) {
    onProgress({ kind: 'failed', step });
    throw error;
  }
}
