import { join, relative, sep } from 'node:path';

/** The part of a source map (https://tc39.es/ecma426/) that Node reads. */
export type SourceMap = { version: 3; sources: string[]; names: string[]; mappings: string };

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGIT_VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));
const CONTINUATION = 32;

/**
 * Reduces the map of a bundle in `folder` to the sources of this repository, and names them from its root, so that the map is the same
 * wherever it was built. Positions in packages stay unmapped: Node keeps a whole map in memory, and nine tenths of it would be theirs.
 */
export function ownSourceMap(map: SourceMap, folder: string, root: string): SourceMap {
  const paths = map.sources.map((source) => relative(root, join(folder, source)).split(sep).join('/'));
  const isOwn = (path: string | undefined) => path !== undefined && !/(^|\/)(node_modules|\.\.)\//.test(path);
  const sources = paths.filter(isOwn).sort();
  const indexOf = paths.map((path) => (isOwn(path) ? sources.indexOf(path) : undefined));
  return { version: 3, sources, names: [], mappings: reduceMappings(map.mappings, indexOf) };
}

/** Gives each source its new index, and unmaps what comes from a source without one. */
function reduceMappings(mappings: string, indexOf: readonly (number | undefined)[]): string {
  const before = { source: 0, line: 0, column: 0 };
  const after = { source: 0, line: 0, column: 0 };
  return mappings
    .split(';')
    .map((line) => {
      const position = { before: 0, after: 0, isMapped: false };
      return line
        .split(',')
        .flatMap((segment) => {
          const [generated = 0, ...original] = decode(segment);
          position.before += generated;
          before.source += original[0] ?? 0;
          before.line += original[1] ?? 0;
          before.column += original[2] ?? 0;
          const source = original.length === 0 ? undefined : indexOf[before.source];
          // One segment ends what was mapped before; more of them would say the same.
          if (source === undefined && !position.isMapped) return [];
          const column = position.before - position.after;
          position.after = position.before;
          position.isMapped = source !== undefined;
          if (source === undefined) return [encode([column])];
          const deltas = [source - after.source, before.line - after.line, before.column - after.column];
          Object.assign(after, { source, line: before.line, column: before.column });
          return [encode([column, ...deltas])];
        })
        .join(',');
    })
    .join(';');
}

/** Decodes base 64 VLQ: five bits a digit, the lowest first; the first bit of a number is its sign. */
function decode(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGIT_VALUES.get(digit) ?? 0;
    value += (bits % CONTINUATION) * 2 ** shift;
    shift += 5;
    if (bits >= CONTINUATION) continue;
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2);
    value = 0;
    shift = 0;
  }
  return numbers;
}

const encode = (numbers: readonly number[]): string =>
  numbers
    .map((number) => {
      let rest = number < 0 ? -number * 2 + 1 : number * 2;
      let digits = '';
      while (rest >= CONTINUATION) {
        digits += DIGITS[CONTINUATION + (rest % CONTINUATION)];
        rest = Math.floor(rest / CONTINUATION);
      }
      return digits + DIGITS[rest];
    })
    .join('');
