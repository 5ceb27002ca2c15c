import type { Figure } from '../../figure.ts';

/** So many orders are looked at together. */
export const PIECE = 100;
/** So many wait at once in the large shop before it grows on: twice what a process remembers. */
export const BACKLOG = 1_200;

/** Calls by the order. */
export type Calls = { all: number; dynamodb: number };

/** Milliseconds by the order: how long it took, and the processor time of the functions and of the store. */
export type Timed = { ms: number; functions: number; store: number };

/** Takes a size and gives it as people read it. */
export const named = (size: number) => size.toLocaleString('en');

/** Takes the calls of a hundred orders by how many there were then, and of a backlog, and gives the figures. */
export function callFigures(sizes: ReadonlyMap<number, Calls>, backlog: Calls | undefined): Figure[] {
  const counts = [...sizes];
  const figure = (kind: keyof Calls, what: string): Figure[] => {
    const common = { kind: 'count', better: 'lower' } as const;
    const [first, most] = [counts[0], counts.at(-1)];
    if (first === undefined || most === undefined) return [];
    return [
      ...counts.map(
        ([size, calls]): Figure => ({
          ...common,
          id: `growth.calls.${kind}.at-${size}`,
          what: `${what}, the last hundred of ${named(size)}`,
          unit: 'per order',
          values: { ours: [calls[kind]] },
        }),
      ),
      {
        ...common,
        id: `growth.calls.${kind}.ratio`,
        what: `${what}, ${named(most[0])} / ${named(first[0])}`,
        unit: 'times',
        values: { ours: [most[1][kind] / first[1][kind]] },
        targets: [{ atMost: 1.02 }],
      },
      ...(backlog === undefined
        ? []
        : [
            {
              ...common,
              id: `growth.calls.${kind}.backlog`,
              what: `${what}, ${named(BACKLOG)} orders waiting at once`,
              unit: 'per order',
              values: { ours: [backlog[kind]] },
            },
          ]),
    ];
  };
  const [all = [], dynamodb = []] = [figure('all', 'AWS calls'), figure('dynamodb', 'DynamoDB calls')];
  return [...all, ...dynamodb].map((one, index) => ({
    ...one,
    ...(index === 0
      ? {
          note:
            'Counted once, in batches of ten, consumer after consumer. The gateway and the texts are left out. Where thousands wait at ' +
            'once and each consumer takes them all before the next begins, a process no longer remembers the first by the time their ' +
            'next event comes (it remembers 1,000), and reads them again: that is the backlog’s row.',
        }
      : {}),
  }));
}

/** Takes what further orders took, run by run, by how many were on the books, and the store's name, and gives the figures. */
export function timeFigures(timed: ReadonlyMap<number, readonly Timed[]>, store: string): Figure[] {
  const sizes = [...timed.keys()];
  const [first = 0, most = 0] = [sizes[0], sizes.at(-1)];
  const of = (size: number, part: keyof Timed) => (timed.get(size) ?? []).map((one) => one[part]);
  const common = { kind: 'measure', better: 'lower' } as const;
  const ratios = (part: keyof Timed) =>
    of(most, part).map((value, run) => value / (of(first, part)[run] ?? Number.NaN));
  return [
    ...sizes.map(
      (size): Figure => ({
        ...common,
        id: `growth.time.at-${size}`,
        what: `Time per order, ${named(size)} on the books`,
        unit: 'ms',
        values: { ours: of(size, 'ms') },
        ...(size === first
          ? {
              note: `${PIECE} further orders through every consumer, one function after the other; the shops take turns, in new processes. The store is ${store}.`,
            }
          : {}),
      }),
    ),
    {
      ...common,
      id: 'growth.time.ratio',
      what: `Time per order, ${named(most)} / ${named(first)}`,
      unit: 'times',
      values: { ours: ratios('ms') },
      targets: [{ atMost: 1.25 }],
    },
    ...sizes.map(
      (size): Figure => ({
        ...common,
        id: `growth.cpu.at-${size}`,
        what: `Processor time per order, ${named(size)} on the books`,
        unit: 'ms',
        values: { ours: of(size, 'functions'), store: of(size, 'store') },
      }),
    ),
    {
      ...common,
      id: 'growth.cpu.ratio',
      what: `Processor time per order, ${named(most)} / ${named(first)}`,
      unit: 'times',
      values: { ours: ratios('functions'), store: ratios('store') },
    },
  ];
}
