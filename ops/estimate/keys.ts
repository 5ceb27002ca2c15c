import type { Line } from './line.ts';
import { perMonth, SECONDS_PER_MONTH, type Situation } from './stations.ts';

/** Who sends to a queue: a topic and the bus. Each asks twice for a data key, and who receives asks once. */
const PER_QUEUE = 2 * 2 + 1;
const PER_TOPIC = 2;
/** For so long DynamoDB and SNS use one key, in seconds. */
const TABLE_KEY_SECONDS = 300;

/** What KMS and Secrets Manager take. */
export function keys(situation: Situation): Line[] {
  const { facts } = situation;
  const orders = perMonth(situation, 1);
  // A key is asked for when it is needed, and at most once in the time that it is kept.
  const periods = (seconds: number) => Math.min(SECONDS_PER_MONTH / seconds, orders);
  const sum = (seconds: readonly number[]) => seconds.reduce((total, one) => total + periods(one), 0);
  const keyed = Object.values(facts.tables).filter(({ customerKey }) => customerKey);
  const requests =
    PER_TOPIC * sum(facts.keyReuse.topics) +
    PER_QUEUE * sum(facts.keyReuse.queues) +
    sum(keyed.map(() => TABLE_KEY_SECONDS));
  const lines: Line[] = [];
  if (facts.keys > 0) {
    lines.push({ service: 'KMS', what: 'keys', price: 'kms.key', fixed: facts.keys });
    lines.push({ service: 'KMS', what: 'requests', price: 'kms.request', fixed: requests });
  }
  if (facts.secrets > 0)
    lines.push({ service: 'Secrets Manager', what: 'secrets', price: 'secrets.secret', fixed: facts.secrets });
  return lines;
}
