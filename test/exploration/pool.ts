/** The number of a value in its pool. */
export type Id = number;

/** The key of a state has one UTF-16 code unit for each number, and two for what was seen. */
const MAX_VALUES = 0xffff;
export const MANY_VALUES = 0xffff_ffff;

/** Numbers values, equal ones equally, so that a state is a few numbers and a rule is asked once about the same situation. */
export class Pool<T> {
  private readonly ids = new Map<string, Id>();
  private readonly values: T[] = [];
  private readonly maxValues: number;

  constructor(maxValues = MAX_VALUES) {
    this.maxValues = maxValues;
  }

  idOf(value: T): Id {
    const key = canonicalJson(value);
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = this.values.push(value) - 1;
    if (id > this.maxValues) throw new RangeError('A pool has more values than a key can tell apart');
    this.ids.set(key, id);
    return id;
  }

  get(id: Id): T {
    return this.values[id] as T;
  }

  get size(): number {
    return this.values.length;
  }
}

/** Returns JSON that is the same for equal values, in whatever sequence their members were set. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  ) ?? 'undefined';

/** Remembers what a function returns for some numbers, at most three, of which the first alone may be one of many. */
export function remembering<Ids extends readonly Id[], R>(compute: (...ids: Ids) => R): (...ids: Ids) => R {
  const known = new Map<number, R>();
  return (...ids) => {
    let key = 0;
    for (const id of ids) key = key * (MAX_VALUES + 1) + id;
    const found = known.get(key);
    if (found !== undefined) return found;
    const computed = compute(...ids);
    known.set(key, computed);
    return computed;
  };
}
