import { computed, signal } from '@preact/signals';
import type { Facts, JobView, LiveStatus } from '../api/live.ts';
import { ApiError, getJson } from './fetch.ts';
import { mergeJobs } from './merge-jobs.ts';

/** How the page hears of changes. `paused`: the tab is hidden; `lost`: the console itself does not answer; `ended`: it was started anew. */
export const connection = signal<'connecting' | 'live' | 'paused' | 'lost' | 'ended'>('connecting');

/** What was read last, or why it could not be read. */
export const live = signal<LiveStatus | undefined>(undefined);

/** The state of the shop as it was read last, also while its engine does not answer. */
export const status = signal<(LiveStatus & { error?: undefined })['status'] | undefined>(undefined);

/** What runs, and what ran, newest first. */
export const jobs = signal<readonly JobView[]>([]);

export const facts = signal<Facts | undefined>(undefined);

/** Whether the page may only look; so until it knows. */
export const readOnly = computed(() => facts.value?.actionsAllowed !== true);

const RETRY_MS = 2_000;
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;

/** Listens to the console while the tab is visible. */
export function connect(): void {
  document.addEventListener('visibilitychange', () => (document.hidden ? pause() : open()));
  if (!document.hidden) open();
}

function pause(): void {
  close();
  connection.value = 'paused';
}

function close(): void {
  clearTimeout(retry);
  source?.close();
  source = undefined;
}

function open(): void {
  close();
  source = new EventSource('/api/live');
  source.addEventListener('open', () => {
    connection.value = 'live';
    void readFacts();
  });
  source.addEventListener('status', ({ data }) => {
    const now = JSON.parse(data) as LiveStatus;
    live.value = now;
    if (now.error === undefined) status.value = now.status;
  });
  // All that are known come first, then those that change.
  let known: readonly JobView[] = [];
  source.addEventListener('jobs', ({ data }) => {
    known = mergeJobs(known, JSON.parse(data) as JobView[]);
    jobs.value = known;
  });
  // An event source that was answered with an error does not try again by itself.
  source.addEventListener('error', () => {
    close();
    void explainLoss();
    retry = setTimeout(open, RETRY_MS);
  });
}

async function readFacts(): Promise<void> {
  facts.value = await getJson<Facts>('/api/facts').catch(() => facts.value);
}

/** Another start of the console has another link, of which this page knows nothing. */
async function explainLoss(): Promise<void> {
  const error: unknown = await getJson('/api/facts').catch((reason: unknown) => reason);
  if (!(error instanceof ApiError)) return;
  connection.value = error.status === 401 || error.status === 403 ? 'ended' : 'lost';
}
