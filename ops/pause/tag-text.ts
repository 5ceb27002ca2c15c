/** A tag's value has at most so many characters (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html). */
export const MAX_TAG_CHARS = 256;

// Letters, digits, spaces and `_ . : / + - @` stand for themselves. A tag may also hold `=`, which begins an escape here. `aws:` is reserved,
// and nobody promises to keep spaces at the ends.
const ESCAPED = /[^\p{L}\p{N} _.:/+@-]|^ | $|^a(?=ws:)/giu;
const ESCAPES = /(?:=[0-9A-F]{2})+/g;

/**
 * Encodes any text as a tag's value, as quoted-printable does: `=2C` is a comma. Throws a sentence about `what` where it does not fit; nothing is
 * cut.
 */
export function toTagValue(text: string, what: string): string {
  const value = text.replaceAll(ESCAPED, escapeBytes);
  const length = [...value].length;
  if (length <= MAX_TAG_CHARS) return value;
  throw new Error(
    `${what} is too long: encoded as a tag of the queue it has ${length} characters, and a tag has at most ${MAX_TAG_CHARS}. A sign other than a letter, a digit, a space and _ . : / + - @ takes three and more.`,
  );
}

/** Decodes a tag's value; what `toTagValue` did not write is returned as it is. */
export const fromTagValue = (value: string): string =>
  value.replaceAll(ESCAPES, (escapes) => {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        Buffer.from(escapes.replaceAll('=', ''), 'hex'),
      );
    } catch {
      return escapes;
    }
  });

const escapeBytes = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
