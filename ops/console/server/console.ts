import type { DeployedShop } from '../../stack.ts';
import type { ActionLog } from './action-log.ts';
import type { Jobs } from './jobs.ts';
import type { Live } from './live.ts';

/** What every part of the server works with. */
export type Console = {
  /** The shop as it was found last; another object after an engine came back. */
  readonly shop: DeployedShop;
  /** Whether it may change anything: always on an engine, on AWS only with `--allow-actions`. */
  actionsAllowed: boolean;
  /** Whether it may show personal data to whoever asks for it: always on an engine, on AWS only with `--allow-reveal`. */
  revealAllowed: boolean;
  /** Whether the bodies of messages are sent to the browser, masked; not while it is read-only. */
  bodiesShown: boolean;
  jobs: Jobs;
  live: Live;
  log: ActionLog;
};

/** Something that was asked for does not exist; answered with 404. */
export class NotFound extends Error {
  override name = 'NotFound';
}

/** Something that this console may not do; answered with 403. */
export class Forbidden extends Error {
  override name = 'Forbidden';
}
