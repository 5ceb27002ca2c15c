import { type Answer, type Call, type Json, ok } from './protocol.ts';
import { shuffled } from './random.ts';

/** Standard queues may deliver twice and in any order; no engine does, so the proxy keeps messages back here. */
export class Receiving {
  private readonly kept = new Map<string, Json[]>();

  /** How many copies and late messages are still to come. */
  get pending(): number {
    return [...this.kept.values()].reduce((sum, { length }) => sum + length, 0);
  }

  clear(): void {
    this.kept.clear();
  }

  /** Takes an answer to ReceiveMessage and gives one with `copies` more of each message, some of them only later. */
  duplicate(call: Call, answer: Answer, copies: number, random: () => number): Answer {
    const fresh = messagesOf(answer);
    const more = fresh.flatMap((message) => Array.from({ length: copies }, () => message));
    const now = more.filter(() => random() < 0.3);
    return this.hand(call, [...fresh, ...now], shuffled(more.slice(now.length), random));
  }

  /** Takes an answer to ReceiveMessage and gives a shuffled one, some of its messages kept for later. */
  reorder(call: Call, answer: Answer, random: () => number): Answer {
    const fresh = shuffled(messagesOf(answer), random);
    const late = fresh.length > 1 ? Math.floor(random() * fresh.length) : 0;
    return this.hand(call, fresh.slice(late), fresh.slice(0, late));
  }

  /** Adds what was kept back to an answer that is not full. */
  complete(call: Call, answer: Answer): Answer {
    return this.pending === 0 ? answer : this.hand(call, messagesOf(answer), []);
  }

  /** Answers with `now` and what was kept before, as far as it fits; keeps the rest and what is for `later`. */
  private hand(call: Call, now: readonly Json[], later: readonly Json[]): Answer {
    const queue = String(call.body.QueueUrl);
    const most = Number(call.body.MaxNumberOfMessages ?? 1);
    const due = [...now, ...(this.kept.get(queue) ?? [])];
    this.kept.set(queue, [...due.slice(most), ...later]);
    return ok(call, due.length === 0 ? {} : { Messages: due.slice(0, most) });
  }
}

const messagesOf = (answer: Answer): Json[] => ((JSON.parse(answer.body || '{}') as Json).Messages as Json[]) ?? [];
