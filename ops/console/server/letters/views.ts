import { type DeadLetter, messageKeyOf, orderIdOf } from '../../../dlq/dead-letter.ts';
import { endsSoon, expiresAtOf } from '../../../dlq/expiry.ts';
import { toJson } from '../../../dlq/format.ts';
import { groupByReason } from '../../../dlq/group.ts';
import { groupByOrder } from '../../../dlq/group-by-order.ts';
import { isJson, layOut } from '../../../dlq/json-text.ts';
import { redactId } from '../../../dlq/redact.ts';
import type { Board, LetterRow, LetterView, RevealedLetter, Rows } from '../../api/dead-letters.ts';
import { eventOf, problemsOf } from './check.ts';
import { contractOf, typeOf } from './contract.ts';
import type { Found } from './letters.ts';
import { maskForEditing } from './masked-event.ts';

/** So many rows are sent at a time, however many there are. */
const PAGE_ROWS = 100;

/** Returns one page of rows, counted from 1. */
export const pageOf = <Row>(rows: readonly Row[], page: number): Rows<Row> => ({
  total: rows.length,
  rows: rows.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS),
});

/** Builds what the page of dead letters shows first. */
export function boardOf(found: Found, by: 'reason' | 'order', page: number, now: Date): Board {
  const { queues, letters, parked } = found;
  return {
    groups:
      by === 'order'
        ? { by, page: pageOf(groupByOrder(letters), page) }
        : { by, page: pageOf(groupByReason(letters), page) },
    letters: letters.length,
    unread: queues
      .filter(({ inFlight, behind }) => inFlight + behind > 0)
      .map(({ name, inFlight, behind }) => ({ consumer: name, inFlight, behind })),
    busy: queues.filter(({ busy }) => busy).map(({ name }) => name),
    expiring: expiringOf(letters, now),
    parked: { total: parked.length, rows: parked.slice(0, PAGE_ROWS).map(rowOf) },
    scannedAt: new Date(found.at).toISOString(),
  };
}

function expiringOf(letters: readonly DeadLetter[], now: Date): Board['expiring'] {
  const soon = Map.groupBy(
    letters.filter((letter) => endsSoon(expiresAtOf(letter), now)),
    ({ consumer }) => consumer,
  );
  return [...soon]
    .map(([consumer, some]) => ({ consumer, count: some.length, first: some.map(expiresAtOf).sort()[0] ?? '' }))
    .sort((one, other) => (one.first < other.first ? -1 : 1));
}

/** Builds a letter's row of a table. */
export function rowOf(letter: DeadLetter): LetterRow {
  const { consumer, id, errorType, reason, failedAt, attempts, parked } = letter;
  const orderId = orderIdOf(letter);
  const event = typeOf(eventOf(letter));
  return {
    consumer,
    messageId: id,
    ...(orderId === undefined ? {} : { orderId: redactId(orderId) }),
    ...(event === undefined ? {} : { event: redactId(event) }),
    errorType,
    reason,
    failedAt,
    ...(attempts === undefined ? {} : { attempts }),
    expiresAt: expiresAtOf(letter),
    ...(parked === undefined ? {} : { parked }),
  };
}

/** Builds what a letter's page shows; without anything of its body where bodies are not shown. */
export function letterView(letter: DeadLetter, found: Found, bodiesShown: boolean): LetterView {
  const { body, ...facts } = toJson(letter, false);
  const event = eventOf(letter);
  const { text } = maskForEditing(event);
  const contract = contractOf(event);
  const shownText = text === '' ? body : text;
  return {
    letter: bodiesShown ? { ...facts, body } : facts,
    partner: letter.partner === true,
    text: bodiesShown ? shownText : null,
    isJson: isJson(event),
    problems: problemsOf(letter, bodiesShown ? shownText : ''),
    ...(contract === undefined ? {} : { contract }),
    alike: letter.parked ? [] : alikeTo(letter, found.letters).map(({ consumer, id }) => ({ consumer, messageId: id })),
    settling: found.queues.some(({ busy, inFlight }) => busy || inFlight > 0),
    expiresAt: expiresAtOf(letter),
    ...(letter.parked === undefined ? {} : { parked: letter.parked }),
  };
}

/** Finds the other letters with the same message. */
function alikeTo(letter: DeadLetter, letters: readonly DeadLetter[]): DeadLetter[] {
  const key = messageKeyOf(letter);
  return letters.filter((one) => one.id !== letter.id && messageKeyOf(one) === key);
}

/** Builds a letter with nothing masked. */
export const revealedLetter = (letter: DeadLetter): RevealedLetter => ({
  text: layOut(eventOf(letter)),
  attributes: toJson(letter, true).attributes,
});
