/** Returns, for each message about these orders that was done, how often it had been handed to a function. */
export function attemptsUntilDone(logged: string, orderIds: ReadonlySet<string>): number[] {
  return logged.split('\n').flatMap((line) => {
    try {
      const { message, orderId, attempt } = JSON.parse(line);
      return message === 'done' && orderIds.has(orderId) ? [Number(attempt)] : [];
    } catch {
      return [];
    }
  });
}
