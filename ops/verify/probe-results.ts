import type { ProbeAnswer } from './answers.ts';
import type { PlannedProbe } from './send-probe.ts';

/** What came of a probe: how long that took, and why it was not answered as expected. */
export type ProbeResult = { milliseconds: number; problem?: string };

const REFUSALS = {
  'not dead-lettered': (consumer: string) =>
    `${consumer} may not send to its dead-letter queue, as its log says: its role or the key is wrong`,
  expired: (consumer: string) =>
    `the probe reached ${consumer} when nobody waited for it any more: set this machine's clock, or give it longer with --timeout`,
};

/** What has come of the probes of a run so far. Times in milliseconds since 1970. */
export class ProbeResults {
  readonly probes: readonly PlannedProbe[];
  private readonly sentAt = new Map<PlannedProbe, number>();
  private readonly results = new Map<PlannedProbe, ProbeResult>();

  constructor(probes: readonly PlannedProbe[]) {
    this.probes = probes;
  }

  /** The probes that have no result yet. */
  get pending(): PlannedProbe[] {
    return this.probes.filter((probe) => !this.results.has(probe));
  }

  has = (probe: PlannedProbe): boolean => this.results.has(probe);
  get = (probe: PlannedProbe): ProbeResult | undefined => this.results.get(probe);

  sent(probe: PlannedProbe, time: number): void {
    this.sentAt.set(probe, time);
  }

  /** Clocks differ, so an answer may seem to be older than its probe. */
  answer(probe: PlannedProbe, time: number): void {
    this.results.set(probe, { milliseconds: Math.max(0, time - this.sentAtOf(probe, time)) });
  }

  fail(probe: PlannedProbe, problem: string): void {
    const now = Date.now();
    this.results.set(probe, { milliseconds: now - this.sentAtOf(probe, now), problem });
  }

  /** Takes what a consumer logged. That it dead-lettered a probe is proved by the dead letter alone. */
  take({ kind, consumer, type, time }: ProbeAnswer): void {
    const expect = kind === 'acknowledged' ? 'acknowledge' : 'dead-letter';
    const probe = this.pending.find((one) => one.consumer === consumer && one.type === type && one.expect === expect);
    if (probe === undefined) return;
    if (kind === 'acknowledged') this.answer(probe, time);
    else if (kind !== 'dead-lettered') this.fail(probe, REFUSALS[kind](consumer));
  }

  private sentAtOf(probe: PlannedProbe, otherwise: number): number {
    return this.sentAt.get(probe) ?? otherwise;
  }
}
