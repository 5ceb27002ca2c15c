/**
 * What the table knows of an endpoint: nothing while all is well. `failingSince`: no answer was a success since then. `disabledAt`: it is not
 * called any more, for `disabledReason`, until an operator deletes the item. Times in ISO 8601.
 */
export type EndpointRecord = {
  endpoint: string;
  failingSince?: string;
  disabledAt?: string;
  disabledReason?: string;
};

/** An endpoint that has failed without a success for so long is disabled, in hours: as long as any message is tried. */
export const DISABLE_AFTER_HOURS = 72;

/** The metric that counts 1 when an endpoint is disabled, by `consumer`, and by `consumer` and `endpoint`. */
export const DISABLED_METRIC = 'WebhookEndpointDisabled';
