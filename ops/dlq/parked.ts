/** Who looks after a parked letter, and what is known of it. */
export type ParkingNote = {
  /** 1 to 100 characters. */
  owner: string;
  /** At most 1,000 characters. */
  note?: string | undefined;
  /** An http or https address of at most 1,000 characters. */
  link?: string | undefined;
};

/** What the parking queue adds to a dead letter: `dlq list --json` has it as `parked: {owner, note, link}` and `parkedAt`. */
export type Parked = {
  owner: string;
  note: string | null;
  link: string | null;
  /** When the letter was first parked, RFC 3339. */
  parkedAt: string;
  /** When it ends, RFC 3339: for the last 14 days it is back in its dead-letter queue. */
  expiresAt: string;
};

/** Throws a sentence where owner, note or link cannot be taken; returns them trimmed, without those that are empty. */
export function checkParkingNote({ owner, note = '', link = '' }: ParkingNote): ParkingNote {
  const given = { owner: owner.trim(), note: note.trim(), link: link.trim() };
  if (given.owner === '')
    throw new Error('A parked letter needs an owner: a team or a person, in 1 to 100 characters.');
  if (given.owner.length > 100) throw new Error('The owner of a parked letter has at most 100 characters.');
  if (given.note.length > 1_000) throw new Error('The note of a parked letter has at most 1,000 characters.');
  if (given.link.length > 1_000) throw new Error('The link of a parked letter has at most 1,000 characters.');
  if (given.link !== '' && !isWebAddress(given.link)) {
    throw new Error('The link of a parked letter must be an address that begins with http:// or https://.');
  }
  return {
    owner: given.owner,
    ...(given.note === '' ? {} : { note: given.note }),
    ...(given.link === '' ? {} : { link: given.link }),
  };
}

/** What a row of `dlq list --json` and `dlq show --json` have of a parked letter; nothing of one that is not. */
export const parkedFields = (parked: Parked | undefined) => {
  if (parked === undefined) return {};
  const { owner, note, link, parkedAt } = parked;
  return { parked: { owner, note, link }, parkedAt };
};

/** Tells whether a text may be followed as a link. */
export const isWebAddress = (text: string): boolean => /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
