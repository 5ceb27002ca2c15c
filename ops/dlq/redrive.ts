import type { Letter } from './letter.ts';
import { calls, outgoing } from './outgoing.ts';
import { pacer } from './pace.ts';
import { carryOut, type Done, type Plan } from './plan.ts';
import type { DeadLetterQueue, Outgoing, Refusals } from './queue.ts';

export type Redriving = {
  /** Messages a second, all queues together. */
  rate: number;
  began: number;
  selects: (letter: Letter) => boolean;
  /** What to send instead of the message as it was. */
  change?: (message: Outgoing) => Outgoing;
  onMoved?: (count: number) => void;
  signal?: AbortSignal | undefined;
};

/** Moves planned letters back, each to the one queue it failed in: sent first and deleted after. */
export function redrive(plan: Plan, redriving: Redriving): Promise<Done> {
  const { rate, began, selects, change = (message) => message, onMoved, signal } = redriving;
  const pace = pacer(rate);

  const send = async (queue: DeadLetterQueue, letters: readonly Letter[]): Promise<Refusals> => {
    const refused: Refusals = new Map();
    for (const call of calls(letters.map((letter) => change(outgoing(letter))))) {
      await pace(call.length);
      for (const [id, why] of await queue.send(call)) refused.set(id, why);
    }
    onMoved?.(letters.length - refused.size);
    return refused;
  };

  const hands = ({ fifo }: DeadLetterQueue) => {
    const ahead = Math.min(fifo ? 50 : 10, rate * 10);
    return { ahead, seconds: (fifo ? 30 : 5) + 2 * Math.ceil(ahead / rate) };
  };
  return carryOut(plan, send, { began, selects, hands, signal });
}
