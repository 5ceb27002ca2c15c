import { computed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { JobKind, JobView } from '../../api/live.ts';
import { jobs, status } from '../../parts/live.ts';
import { type Resource, useResource } from '../../parts/resource.ts';

const KINDS: readonly JobKind[] = ['redrive', 'redrive-carefully', 'discard', 'park', 'unpark'];

/** The actions on letters that run or ran, the newest first. */
export const letterJobs = computed((): JobView[] => jobs.value.filter(({ kind }) => KINDS.includes(kind)));

/** Another text whenever there may be other letters than before. */
const version = computed((): string => {
  const counts = status.value?.consumers.map(({ deadLetters }) => deadLetters) ?? [];
  return [...counts, status.value?.parked, ...letterJobs.value.map(({ id, state }) => `${id} ${state}`)].join();
});

/** Reads a document about letters, and again when there may be other letters; `settling` reads it at every look at the status. */
export function useLetters<T>(path: string | undefined, { settling = false } = {}): Resource<T> {
  const resource = useResource<T>(path, { live: settling });
  const now = version.value;
  // It is the change that has it read again.
  useEffect(() => resource.reload(), [now]);
  return resource;
}
