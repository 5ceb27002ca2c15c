/** Reads items in their sequence while up to `ahead` later ones are being read. Stops at the first that fails, when its turn comes. */
export async function* readAhead<T, R>(
  items: AsyncIterable<T>,
  ahead: number,
  read: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const reading: Promise<R>[] = [];
  for await (const item of items) {
    const one = read(item);
    // Otherwise a failure before its turn ends the process.
    one.catch(() => {});
    reading.push(one);
    const [next] = reading.length > ahead ? reading.splice(0, 1) : [];
    if (next !== undefined) yield await next;
  }
  for (const one of reading) yield await one;
}
