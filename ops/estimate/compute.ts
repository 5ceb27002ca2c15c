/** The work of one consumer per order; `batch` is the mean number of messages per batch. */
export type ConsumerLoad = {
  name: string;
  fifo: boolean;
  memoryMb: number;
  messages: number;
  messageBytes: number;
  batch: number;
  invocations: number;
  calls: Readonly<Record<string, number>>;
};

/** Assumed durations in milliseconds, because a local engine cannot tell how long AWS takes; `coldStarts` is a share. */
export const assumed = {
  call: 8,
  transaction: 20,
  gateway: 400,
  text: 150,
  /** CPU time with 512 MB, a third of a core, per batch and per message. */
  batch: 4,
  message: 1,
  coldStart: 350,
  coldStarts: 0.01,
  sweep: 50,
};
/** The memory that the durations are assumed with; the sweep's function has as much. */
export const MEMORY_MB = 512;

/** Call somebody outside of AWS in each batch. */
const CALLING_OUT = ['payment', 'webhooks'];

/** Returns the billed milliseconds of one invocation: its calls one after the other, and CPU time, which shrinks with memory. */
export function billedMilliseconds({ name, batch, invocations, calls, memoryMb }: ConsumerLoad): number {
  const waits = Object.entries(calls).map(([operation, count]) => {
    // The texts of a batch are sent concurrently.
    if (operation === 'sns.PublishText') return assumed.text;
    return (count / invocations) * (operation === 'dynamodb.TransactWriteItems' ? assumed.transaction : assumed.call);
  });
  const waiting = waits.reduce((sum, wait) => sum + wait, CALLING_OUT.includes(name) ? assumed.gateway : 0);
  const computing = assumed.batch + assumed.message * batch + assumed.coldStarts * assumed.coldStart;
  return waiting + computing * (MEMORY_MB / memoryMb);
}
