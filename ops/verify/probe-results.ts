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

/** Says why a consumer was not asked to dead-letter. */
export const notTried = (consumer: string): string => `not tried, because no probe came to ${consumer}`;

/** Finds the probe that is to be acknowledged on the way of one that is to be dead-lettered. */
const wayOf = ({ consumer, type, expect }: PlannedProbe, probes: readonly PlannedProbe[]): PlannedProbe | undefined =>
  expect === 'acknowledge'
    ? undefined
    : probes.find((one) => one.consumer === consumer && one.type === type && one.expect === 'acknowledge');

/** What has come of the probes of a run so far. Times in milliseconds since 1970. */
export class ProbeResults {
  readonly probes: readonly PlannedProbe[];
  private readonly sendings = new Map<PlannedProbe, { first: number; last: number; count: number }>();
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

  /** Notes that a probe is sent, and returns how often it was sent before. */
  sent(probe: PlannedProbe, time: number): number {
    const { first = time, count = 0 } = this.sendings.get(probe) ?? {};
    this.sendings.set(probe, { first, last: time, count: count + 1 });
    return count;
  }

  wasSent = (probe: PlannedProbe): boolean => this.sendings.has(probe);

  /**
   * Returns the probes to be sent now. One to acknowledge is sent again after `repeatMs`, because an older filter may have dropped it; one to
   * dead-letter once, when its way into the consumer has proved to be open.
   */
  due(now: number, repeatMs: number): PlannedProbe[] {
    return this.pending.filter((probe) => {
      const last = this.sendings.get(probe)?.last;
      if (probe.expect === 'acknowledge') return last === undefined || now - last >= repeatMs;
      return last === undefined && this.isOpen(probe);
    });
  }

  private isOpen(probe: PlannedProbe): boolean {
    const way = wayOf(probe, this.probes);
    const result = way && this.results.get(way);
    return result !== undefined && result.problem === undefined;
  }

  /** Clocks differ, so an answer may seem to be older than its probe. */
  answer(probe: PlannedProbe, time: number): void {
    this.results.set(probe, { milliseconds: Math.max(0, time - this.sentAtOf(probe, time)) });
  }

  /** A probe that would have taken the same way is then never sent. */
  fail(probe: PlannedProbe, problem: string): void {
    const now = Date.now();
    const milliseconds = now - this.sentAtOf(probe, now);
    this.results.set(probe, { milliseconds, problem });
    for (const one of this.pending)
      if (wayOf(one, [probe]) !== undefined) this.results.set(one, { milliseconds, problem: notTried(one.consumer) });
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
    return this.sendings.get(probe)?.first ?? otherwise;
  }
}
