import { type ApiCall, type ApiResponse, type Json, success } from './protocol.ts';
import { shuffled } from './random.ts';

/** Holds messages back to deliver them again or out of order, as standard queues may and no engine does. */
export class DeliveryBuffer {
  private readonly kept = new Map<string, Json[]>();

  /** The number of messages held back. */
  get pending(): number {
    return [...this.kept.values()].reduce((sum, { length }) => sum + length, 0);
  }

  clear(): void {
    this.kept.clear();
  }

  /** Adds `copies` of each message to a response to ReceiveMessage, some of them to a later one. */
  duplicate(call: ApiCall, answer: ApiResponse, copies: number, random: () => number): ApiResponse {
    const fresh = messagesOf(answer);
    const more = fresh.flatMap((message) => Array.from({ length: copies }, () => message));
    const now = more.filter(() => random() < 0.3);
    return this.hand(call, [...fresh, ...now], shuffled(more.slice(now.length), random));
  }

  /** Shuffles a response to ReceiveMessage and holds some of its messages back. */
  reorder(call: ApiCall, answer: ApiResponse, random: () => number): ApiResponse {
    const fresh = shuffled(messagesOf(answer), random);
    const late = fresh.length > 1 ? Math.floor(random() * fresh.length) : 0;
    return this.hand(call, fresh.slice(late), fresh.slice(0, late));
  }

  /** Adds messages held back to a response that is not full. */
  complete(call: ApiCall, answer: ApiResponse): ApiResponse {
    return this.pending === 0 ? answer : this.hand(call, messagesOf(answer), []);
  }

  /** Responds with `now` and the messages held back before, as far as they fit; holds back the rest and `later`. */
  private hand(call: ApiCall, now: readonly Json[], later: readonly Json[]): ApiResponse {
    const queue = String(call.body.QueueUrl);
    const most = Number(call.body.MaxNumberOfMessages ?? 1);
    const due = [...now, ...(this.kept.get(queue) ?? [])];
    this.kept.set(queue, [...due.slice(most), ...later]);
    return success(call, due.length === 0 ? {} : { Messages: due.slice(0, most) });
  }
}

const messagesOf = (answer: ApiResponse): Json[] =>
  ((JSON.parse(answer.body || '{}') as Json).Messages as Json[]) ?? [];
