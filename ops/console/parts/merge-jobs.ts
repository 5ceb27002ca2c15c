import type { JobView } from '../api/live.ts';

/** Puts what has changed into what is known, newest first, as both are. */
export function mergeJobs(known: readonly JobView[], changed: readonly JobView[]): JobView[] {
  const news = new Map(changed.map((job) => [job.id, job]));
  const added = changed.filter(({ id }) => known.every((one) => one.id !== id));
  return [...added, ...known.map((job) => news.get(job.id) ?? job)];
}
