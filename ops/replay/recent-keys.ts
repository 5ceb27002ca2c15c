/**
 * Creates a map that remembers its latest keys, `limit` to twice as many, and forgets older ones, so that its memory is bounded
 * however many are added.
 */
export function recentKeys(limit: number): {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
} {
  let [current, previous] = [new Map<string, string>(), new Map<string, string>()];
  return {
    get: (key) => current.get(key) ?? previous.get(key),
    set(key, value) {
      if (current.size >= limit) [current, previous] = [new Map(), current];
      current.set(key, value);
    },
  };
}
