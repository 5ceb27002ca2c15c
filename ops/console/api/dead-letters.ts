import type { toJson } from '../../dlq/format.ts';
import type { DeadLetterGroup } from '../../dlq/group.ts';
import type { OrderGroup } from '../../dlq/group-by-order.ts';
import type { PastRedrive } from '../../dlq/history.ts';
import type { Parked } from '../../dlq/parked.ts';

/** Which dead letters an action or a page is about; what is given narrows each other. */
export type Selection = {
  all?: true | undefined;
  consumer?: string | undefined;
  errorType?: string | undefined;
  /** A group's reason, as `dlq list` has it. */
  reason?: string | undefined;
  order?: string | undefined;
  /** Those that hold the same message as this one. */
  like?: string | undefined;
  ids?: string[] | undefined;
  /** Of those that are parked. */
  parked?: true | undefined;
};

/** One dead letter in a table. */
export type LetterRow = {
  consumer: string;
  messageId: string;
  orderId?: string;
  /** The type of its event, as far as it can be read. */
  event?: string;
  errorType: string;
  reason: string;
  failedAt: string;
  attempts?: number;
  expiresAt: string;
  parked?: Parked;
};

/** Up to a hundred rows, and how many there are in all. */
export type Rows<Row> = { total: number; rows: Row[] };

/** What the page of dead letters shows first. Times are RFC 3339. */
export type Board = {
  /** The page that was asked for, of the groups by reason or by order. */
  groups: { by: 'reason'; page: Rows<DeadLetterGroup> } | { by: 'order'; page: Rows<OrderGroup> };
  /** How many letters the groups hold. */
  letters: number;
  /** Letters that could not be read: those that another command has right now, and those behind ten of their order. */
  unread: { consumer: string; inFlight: number; behind: number }[];
  /** Consumers whose letters an action is at work on. */
  busy: string[];
  /** Letters that expire within three days, the soonest first, by consumer. */
  expiring: { consumer: string; count: number; first: string }[];
  parked: Rows<LetterRow>;
  scannedAt: string;
};

/** A problem, and where it is in the text that was checked, counted from 1. */
export type PlacedProblem = { path?: string; problem: string; line?: number; column?: number };

/** A member of a contract: where it is, and what may stand there. */
export type ContractMember = {
  /** `data.items[].quantity` */
  path: string;
  /** JSON Schema's types without `null`; `choice` where one of several objects fits. */
  types: string[];
  required: boolean;
  description?: string;
  /** The values that may stand there. */
  values?: string[];
  format?: string;
  minimum?: number;
  maximum?: number;
};

/** The contract that a message should keep: its event, and its members. */
export type LetterContract = {
  type: string;
  version: string;
  description: string;
  /** Where its JSON Schema is in the repository. */
  file: string;
  members: ContractMember[];
};

/** One dead letter as its page shows it. */
export type LetterView = {
  /** As `dlq show --json` has it; without its body where bodies are not shown. */
  letter: Omit<ReturnType<typeof toJson>, 'body'> & { body?: string };
  partner: boolean;
  /** The event, laid out, as it is edited: what may be personal is masked. `null` where it is not shown. */
  text: string | null;
  /** Whether it is JSON: of what is none, nothing is shown but its size. */
  isJson: boolean;
  problems: PlacedProblem[];
  contract?: LetterContract;
  /** Letters of other consumers with the same message. */
  alike: { consumer: string; messageId: string }[];
  /** Some letters are with somebody else right now, so there may be more that are alike. */
  settling: boolean;
  expiresAt: string;
  parked?: Parked;
};

/** A letter with nothing masked. */
export type RevealedLetter = { text: string; attributes: Record<string, string> };

/** What an action did, and what it could not do and why. */
export type ActionResult = {
  moved: number;
  total: number;
  /** Those that were not there any more, or that another command has. */
  missing: number;
  /** Those behind others of their order that were not reached. */
  unread: number;
  /** `gone`: it was put back, and is another dead letter now if it is one. */
  failures: { consumer: string; id: string; why: string; gone?: true }[];
  /** Where discarded letters are kept. */
  file?: string;
  /** Why a careful redrive did not go on. */
  stopped?: string;
};

/** What became of letters since they were put back, and of the order that one of them is about. */
export type Became = { letters: LetterBecame[]; orderStatus?: string };

/** What became of one letter; `undecided` when nobody waits for it any longer. */
export type LetterBecame = {
  consumer: string;
  state: 'waiting' | 'handled' | 'failed again' | 'undecided';
  reason?: string;
  /** The dead letter that it became again. */
  messageId?: string;
};

/** A redrive of the past: how many were put back, whose they were, and how many of them are dead letters again. */
export type PastRedriveView = Omit<PastRedrive, 'letters'> & {
  consumers: string[];
  /** Of a redrive of one order's letters. */
  orderId?: string;
  /** The first that is a dead letter again. */
  again?: { consumer: string; messageId: string; reason: string };
  /** Why the first one that was not put back was not. */
  why?: string;
};
