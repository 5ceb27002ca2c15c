import type { auditDocument } from '../../audit/format.ts';

/** What an audit costs before it is started. */
export type AuditCost = {
  unitsPerSecond: number;
  /** US dollars for a million read units; 0 on an engine. */
  dollarsPerMillionUnits: number;
};

/** The document of `ops audit --json`, of which the page gets some of what disagrees where that is much. */
export type AuditView = ReturnType<typeof auditDocument> & {
  /** How many disagree in all. */
  disagreeingCount: number;
  /** For how many of them a repair publishes an event. */
  repairable: number;
};
