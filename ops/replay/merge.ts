/** Takes sequences that are each sorted by a key and gives all their elements in one, sorted too; it holds one of each. */
export async function* mergeSorted<T>(
  sequences: readonly AsyncIterator<T>[],
  key: (element: T) => string,
): AsyncGenerator<T, void, undefined> {
  const firsts = await Promise.all(sequences.map(async (sequence) => ({ sequence, next: await sequence.next() })));
  for (;;) {
    let least: { head: (typeof firsts)[number]; value: T } | undefined;
    for (const head of firsts) {
      const { next } = head;
      if (next.done) continue;
      if (least === undefined || key(next.value) < key(least.value)) least = { head, value: next.value };
    }
    if (least === undefined) return;
    yield least.value;
    least.head.next = await least.head.sequence.next();
  }
}
