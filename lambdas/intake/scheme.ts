import { ContractError, isObject } from '../../contracts/parse.ts';
import type { IntakeRequest } from './request.ts';

/** What a signed request says: an event, or nothing that this shop takes. */
export type Reading =
  | {
      /** The event as JSON. */
      text: string;
      /** What the sender itself said of the event, which is the same when it says it again: it tells a repeat from another message under a used id. */
      content: string;
      /** The id of the delivery, where one is signed. */
      deliveryId?: string;
    }
  | { ignored: string };

/** How a sender signs, and what its bodies mean. */
export type Scheme = {
  /** Throws `Refusal` for a request that was not signed with one of the secrets. `now` is in milliseconds. */
  check(request: IntakeRequest, secrets: readonly string[], now: number): void;
  /** Reads a signed request. Throws `ContractError` where it does not say what it must. */
  read(request: IntakeRequest, secrets: readonly string[]): Promise<Reading>;
};

/** Decodes a body; throws `ContractError` where it is not UTF-8. */
export function textOf({ body }: IntakeRequest): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new ContractError([{ path: 'body', problem: 'must be UTF-8' }]);
  }
}

/** Parses the JSON object that a platform sends; throws `ContractError` where it is none. */
export function jsonOf(request: IntakeRequest): Record<string, unknown> {
  const text = textOf(request);
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new ContractError([{ path: 'body', problem: 'must be a JSON object' }]);
}

/**
 * Maps what a platform sent to an event. A mapping reads the platform's documented shape; what has another one is the sender's
 * mistake, so whatever the mapping throws is a problem of `path`.
 */
export function mapped(path: string, content: string, map: () => object): Reading {
  try {
    return { text: JSON.stringify(map()), content };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ContractError([{ path, problem: `cannot become an order: ${reason}` }]);
  }
}
