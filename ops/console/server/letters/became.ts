import { watchOptions } from '../../../dlq/careful.ts';
import { type PastRedrive, readHistory } from '../../../dlq/history.ts';
import type { Plan } from '../../../dlq/plan.ts';
import type { SentLetter } from '../../../dlq/redrive.ts';
import { watchLetters } from '../../../dlq/watch.ts';
import type { DeployedShop } from '../../../stack.ts';
import type { LetterBecame, PastRedriveView } from '../../api/dead-letters.ts';
import type { Found, Letters } from './letters.ts';

/** Of more letters at once nobody waits for the fate of each. */
const MOST_WATCHED = 10;
/** So many are remembered. */
const REMEMBERED = 200;

/** Watches letters that were put back, for the pages that began it. */
export class PutBackWatch {
  private readonly letters: Letters;
  private readonly states = new Map<string, LetterBecame>();

  constructor(letters: Letters) {
    this.letters = letters;
  }

  /** Watches a few letters that were sent, without anybody waiting for it; more than ten are not watched. */
  begin(shop: DeployedShop, plan: Plan, sent: readonly SentLetter[], since: number): void {
    const letters = sent.flatMap((one) => ('messageId' in one ? [one] : []));
    if (letters.length > MOST_WATCHED) return;
    for (const { queue } of plan) {
      const { consumer } = queue;
      const own = letters.filter(({ deadLetter }) => deadLetter.consumer === consumer);
      for (const { deadLetter } of own) this.set(deadLetter.id, { consumer, state: 'waiting' });
      const look = <T>(read: () => Promise<T>) => this.letters.exclusively([consumer], read);
      void watchLetters(queue, own, since, { ...watchOptions(shop), look }).then(
        ({ failedAgain, undecided }) => {
          for (const { deadLetter } of own) this.set(deadLetter.id, { consumer, state: 'handled' });
          for (const { deadLetter, reason } of failedAgain)
            this.set(deadLetter.id, { consumer, state: 'failed again', reason });
          for (const { deadLetter, reason } of undecided)
            this.set(deadLetter.id, { consumer, state: 'undecided', reason });
        },
        () => {
          for (const { deadLetter } of own) this.states.delete(deadLetter.id);
        },
      );
    }
  }

  /** Tells what became of letters: what is among the dead letters now has failed again, whatever was seen before. */
  async of(shop: DeployedShop, ids: readonly string[], { letters }: Found): Promise<LetterBecame[]> {
    const past = (await readHistory(shop, { letters })).flatMap((one) => one.letters);
    return ids.flatMap((id) => {
      const letter = past.find(({ messageId }) => messageId === id);
      const seen = this.states.get(id);
      const again = letter?.failedAgain;
      if (letter !== undefined && again !== undefined)
        return [{ consumer: letter.consumer, state: 'failed again' as const, ...again }];
      return seen === undefined ? [] : [seen];
    });
  }

  private set(id: string, became: LetterBecame): void {
    this.states.delete(id);
    this.states.set(id, became);
    for (const oldest of [...this.states.keys()].slice(0, -REMEMBERED)) this.states.delete(oldest);
  }
}

/** Builds what a table shows of a redrive of the past, however many letters it had. */
export function pastRedriveView({ letters, ...past }: PastRedrive): PastRedriveView {
  const [first] = letters;
  const again = letters.find(({ failedAgain }) => failedAgain !== undefined);
  const why = letters.find((letter) => letter.why !== undefined)?.why;
  const orderId = letters.every((letter) => letter.orderId === first?.orderId) ? first?.orderId : undefined;
  return {
    ...past,
    consumers: [...new Set(letters.map(({ consumer }) => consumer))],
    ...(orderId === undefined ? {} : { orderId }),
    ...(again?.failedAgain ? { again: { consumer: again.consumer, ...again.failedAgain } } : {}),
    ...(why === undefined ? {} : { why }),
  };
}
