import { redact, redactId } from './redact.ts';

/** A member of an event that may be shown: a value of an expected form, an object or a list of such members, or JSON in a text. */
export type Field = { shows: (text: string) => boolean } | { members: () => Fields; json?: true } | { json: true };

/** The members of an object that may be shown, by name. */
export type Fields = Readonly<Record<string, Field>>;

/** Shows a value of a form, unless it is spelled like a phone number, a token or an address of e-mail. */
const matching = (form: RegExp): Field => ({ shows: (text) => form.test(text) && redactId(text) === text });

// What an order's id and a SKU may be, however long a number that is.
const id = matching(/^[!-~]{1,256}$/);
const sku = matching(/^[^\p{Cc}]{1,100}$/u);
const word = matching(/^[A-Za-z][A-Za-z_.-]{0,63}$/);
const eventType = matching(/^[A-Za-z](?:[A-Za-z_.-]|\d(?!\d{3})){0,127}$/);
const uri = matching(/^(?:[A-Za-z/:._%~#-]|\d(?!\d{8})){1,256}$/);
const number = matching(/^-?(?:0|[1-9]\d{0,15})(?:[.,]\d{1,6})*(?:[eE][+-]?\d{1,3})?$/);
const boolean = matching(/^(?:true|false)$/);
// RFC 3339, what is close to it, and seconds or milliseconds since 1970.
const time: Field = {
  shows: (text) =>
    /^\d{4}-\d\d-\d\d(?:[Tt ][\d:.,]{4,18} ?(?:[Zz]|[+-]\d\d:?\d\d)?)?$|^[12]\d{9}(?:\d{3})?$/.test(text),
};
const text: Field = { shows: (value) => redact(value) === value };

const line: Fields = {
  sku,
  quantity: number,
  unitPrice: number,
  tracked: boolean,
  available: number,
  unknown: boolean,
  restock: boolean,
};
const charge: Fields = { kind: word, amount: number };
const money: Fields = { amount: number, currency: matching(/^[A-Za-z]{3}$/) };
const payment: Fields = { kind: word, until: time };
const problem: Fields = { path: matching(/^[\w.[\]-]{1,512}$/), problem: text };

/**
 * What is shown of a message: the members of the contracts that are not personal, wherever in the event a publisher has put them, and those
 * of the envelopes that carry it. A test names each member of a contract that is neither here nor in `contracts/personal-data.ts`.
 */
export const SHOWN: Fields = {
  specversion: matching(/^\d\.\d$/),
  id,
  source: uri,
  type: eventType,
  time,
  timestamp: time,
  subject: id,
  datacontenttype: matching(/^[\w.+-]{1,60}\/[\w.+-]{1,60}(?: *; *charset=[\w-]{1,20})?$/),
  traceparent: matching(/^[\da-f-]{1,80}$/),
  data: { members: () => SHOWN },
  orderId: id,
  orderNumber: id,
  receiptId: id,
  refundId: id,
  captured: number,
  forgotten: boolean,
  refunded: number,
  dispatched: boolean,
  // Which parcel it is remains hidden.
  parcel: { members: () => ({}) },
  items: { members: () => line },
  charges: { members: () => charge },
  total: { members: () => money },
  payment: { members: () => payment },
  // Who it is remains hidden; what there is of it is told.
  customer: { members: () => ({}) },
  ...money,
  reason: word,
  sequence: number,
  step: eventType,
  status: word,
  template: word,
  decision: word,
  problems: { members: () => problem },
  // A replay, an endpoint's message, SNS and EventBridge.
  replay: id,
  withEffects: boolean,
  endpoint: matching(/^[a-z0-9][a-z0-9-]{0,39}$/),
  event: { json: true, members: () => SHOWN },
  Type: word,
  MessageId: id,
  TopicArn: matching(/^arn:[\w:.-]{1,300}$/),
  Timestamp: time,
  Message: { json: true },
  'detail-type': eventType,
  detail: { members: () => SHOWN },
};

/** Returns the names of all members that may be shown. */
export const shownNames = (): ReadonlySet<string> =>
  new Set([SHOWN, line, charge, money, payment, problem].flatMap((fields) => Object.keys(fields)));
