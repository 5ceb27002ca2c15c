/** `critical`: orders stop or go wrong until somebody acts, so it wakes somebody. `warning`: it can wait until the morning. */
export type AlarmSeverity = 'critical' | 'warning';

/** What the description of an alarm begins with: there `ops alarm list`, and the filter of a target, find its severity. */
export const SEVERITY_LABELS: Readonly<Record<AlarmSeverity, string>> = {
  critical: 'Critical: ',
  warning: 'Warning: ',
};

/** Reads the severity off an alarm's description; `undefined` of an alarm that an older version described. */
export const severityOf = (description: string): AlarmSeverity | undefined =>
  (['critical', 'warning'] as const).find((severity) => description.startsWith(SEVERITY_LABELS[severity]));
