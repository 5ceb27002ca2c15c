import { catalog, shippedCatalog } from '../../contracts/catalog.ts';
import { sourcesOf } from '../../contracts/cloud-event.ts';
import * as contracts from '../../contracts/index.ts';
import { constructIdOf } from '../../infra/names.ts';
import { isReservedWord } from './reserved-words.ts';

/** A consumer's names: folder and route, and what its types and functions begin with. */
export type ConsumerNames = { name: string; pascal: string };

/** An event's names: its family, which is a file in `contracts/custom/`, and the constant that defines it. */
export type EventNames = { type: string; family: string; constant: string; pascal: string };

const CONSUMER = /^[a-z][A-Za-z0-9]{1,29}$/;
const TYPE = /^shop\.([a-z][a-z0-9]*)\.([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.v([1-9]\d*)$/;
/** Are folders under `lambdas/`, or constructs of the stack or outputs of it, so no consumer can have them. */
const TAKEN = [
  ...['runtime', 'sweep', 'archive', 'key', 'customerKey', 'orders', 'orderLifecycle', 'bus', 'busArchive'],
  ...['publishers', 'monitoring', 'alarms', 'topic', 'test', 'consumer', 'all', 'webhooks', 'intake'],
];

/** Checks the name of a new consumer; throws a sentence. */
export function consumerNames(name: string, existing: readonly string[]): ConsumerNames {
  if (!CONSUMER.test(name)) {
    throw new Error(
      `${quote(name)} cannot name a consumer: it must be 2 to 30 letters and digits in camelCase, with a small letter first, such as loyalty or giftCards.`,
    );
  }
  const same = existing.find((one) => one.toLowerCase() === name.toLowerCase());
  if (same !== undefined) throw new Error(`There is a consumer ${same} already, in lambdas/${same}/.`);
  const taken = TAKEN.find((one) => one.toLowerCase() === name.toLowerCase());
  if (taken !== undefined)
    throw new Error(`${name} cannot name a consumer: the stack has something else of that name.`);
  if (/^partner[A-Z\d]/.test(name)) {
    throw new Error(
      `${name} cannot name a consumer: its queue would be taken for that of a partner of the settings; begin it with another word.`,
    );
  }
  if (isReservedWord(name)) throw new Error(`${name} cannot name a consumer: it is a word of the language TypeScript.`);
  return { name, pascal: constructIdOf(name) };
}

/** Checks the type of a new event; throws a sentence. */
export function eventNames(type: string): EventNames {
  const [, family = '', event = '', version] = TYPE.exec(type) ?? [];
  if (version === undefined) {
    throw new Error(
      `${quote(type)} cannot be the type of an event: it must be shop.<who sends it>.<what happened>.v<version> in small letters, such as shop.loyalty.points-granted.v1.`,
    );
  }
  if (catalog.some((one) => one.type === type)) throw new Error(`There is an event ${type} already.`);
  const source = `/shop/${family}`;
  if (family === 'verify' || sourcesOf(shippedCatalog).includes(source)) {
    throw new Error(
      `${type} would come from ${source}, as which a shipped function publishes: name it after the consumer that will send it, such as shop.loyalty.${event}.v${version}.`,
    );
  }
  const pascal = `${capitalized(family)}${event.split('-').map(capitalized).join('')}${version === '1' ? '' : `V${version}`}`;
  const constant = `${pascal.charAt(0).toLowerCase()}${pascal.slice(1)}`;
  if (constant in contracts)
    throw new Error(`${type} would be defined as ${constant}, which contracts/index.ts has already.`);
  return { type, family, constant, pascal };
}

const capitalized = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

const quote = (text: string) => JSON.stringify(text);
