/**
 * Takes what a function answered and the ids of its batch and gives the ids of the messages that Lambda keeps: all of them
 * where the list is malformed, none where it is empty
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
 */
export function keptMessages(result: unknown, batch: readonly string[]): Set<string> {
  const list =
    typeof result === 'object' && result !== null && 'batchItemFailures' in result ? result.batchItemFailures : [];
  if (list === null || list === undefined) return new Set();
  if (!Array.isArray(list)) return new Set(batch);
  const named = list.map((one: unknown) =>
    typeof one === 'object' && one !== null && 'itemIdentifier' in one ? one.itemIdentifier : undefined,
  );
  const valid = named.every((id): id is string => typeof id === 'string' && batch.includes(id));
  return new Set(valid ? named : batch);
}
