import type { ReplayResult } from '../../replay/replay.ts';

/** Who can get events again, and which. */
export type ReplayTarget = { name: string; kind: 'consumer' | 'partner'; types: string[] };

/** What is asked for: times in ISO 8601, `order` the id of one. */
export type ReplayAsk = { to: string; from: string; until: string; types?: string[]; order?: string };

/** How far a count or a replay is. What failed or was stopped goes on with `resumeFrom` as its `from`. */
export type ReplayDetail = {
  asked: ReplayAsk;
  withEffects: boolean;
  read: number;
  selected: number;
  sent: number;
  resumeFrom: string;
};

/** The document of `ops replay --json`; its times as JSON has them. */
export type ReplayDocument = Omit<ReplayResult, 'from' | 'until'> & {
  from: string;
  until: string;
  dryRun: boolean;
  name?: string;
};
