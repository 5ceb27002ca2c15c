/** How a wait grows: from this many seconds to at most that many. */
export type BackoffLimits = { firstSeconds: number; maxSeconds: number };

/** The longest wait between two tries that any policy asks for, in seconds. */
export const MAX_BACKOFF_SECONDS = 900;

// How much longer a message waits than the outage it met lasted: who met a minute of it is tried within 8 seconds of its end.
const PART_OF_AGE = 8;

/**
 * Takes how long ago a message was sent, in seconds, and gives how many seconds to wait before its next try: an eighth of its age
 * with full jitter, at least one second. As each wait adds to the age, waits grow exponentially, and a message never waits
 * much longer than the outage it met (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * `random` gives a number in [0, 1).
 */
export function backoffSeconds(
  ageSeconds: number,
  { firstSeconds, maxSeconds }: BackoffLimits = { firstSeconds: 2, maxSeconds: MAX_BACKOFF_SECONDS },
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxSeconds, Math.max(firstSeconds, ageSeconds / PART_OF_AGE));
  return 1 + Math.floor(random() * ceiling);
}

/** Takes a span in hours and gives how many tries fit into it on average: the number a queue must allow so as to outlast it. */
export function attemptsWithin(hours: number): number {
  let age = 0;
  let tries = 0;
  while (age < hours * 3600) {
    tries += 1;
    age += backoffSeconds(age, undefined, () => 0.5);
  }
  return tries;
}

/** For so many days a queue keeps a message that nobody could handle. */
export const QUEUE_RETENTION_DAYS = 7;

/** Messages wait out an outage of this length. */
export const OUTAGE_HOURS = 24;

// What a function that hangs cannot postpone comes back after the queue's visibility timeout, at the least this long.
const SHORTEST_VISIBILITY_SECONDS = 180;

/**
 * How often a message is tried before it is given up: half as often again as the outage takes on average, for jitter can be unlucky,
 * and no less than an outage takes in which the function hangs every time.
 */
export const MAX_ATTEMPTS = Math.max(
  Math.ceil(1.5 * attemptsWithin(OUTAGE_HOURS)),
  (OUTAGE_HOURS * 3600) / SHORTEST_VISIBILITY_SECONDS,
);
