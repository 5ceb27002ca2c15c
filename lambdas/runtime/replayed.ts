import type { SQSMessageAttributes } from 'aws-lambda';

/** The attribute that marks a message as replayed; its value is the replay's name. */
export const REPLAYED_ATTRIBUTE = 'replayed';

/** The attribute by which a replayed message may have its effects after all: its value is `true` then. */
export const WITH_EFFECTS_ATTRIBUTE = 'withEffects';

/**
 * Takes a message's attributes and tells whether it is replayed without effects: then its consumer may complete its own
 * record, but moves no money, sends no text and publishes nothing.
 */
export const withoutEffects = (attributes: SQSMessageAttributes): boolean =>
  attributes[REPLAYED_ATTRIBUTE] !== undefined && attributes[WITH_EFFECTS_ATTRIBUTE]?.stringValue !== 'true';
