import { describe, expect, test } from 'vitest';
import { evaluateTarget, type Figure, ratioTo, spreadOf } from '../../bench/figure.ts';

const figure = (values: Figure['values'], parts: Partial<Figure> = {}): Figure => ({
  id: 'calls',
  what: 'calls per order',
  unit: 'calls',
  kind: 'measure',
  better: 'lower',
  values,
  ...parts,
});

describe('A spread', () => {
  test('is the middle of the values, with the lowest and the highest', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, low: 1, high: 4 });
    expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7 });
  });

  test('of nothing is refused', () => {
    expect(() => spreadOf([])).toThrow('no value');
  });
});

describe('A ratio', () => {
  test('is taken run by run, so that a slow run affects both', () => {
    expect(ratioTo(figure({ ours: [1, 10, 2], powertools: [4, 40, 8] }), 'powertools')).toEqual({
      median: 0.25,
      low: 0.25,
      high: 0.25,
    });
  });

  test('leaves out the runs that the other has not', () => {
    expect(ratioTo(figure({ ours: [1, 9], powertools: [2] }), 'powertools')).toEqual({
      median: 0.5,
      low: 0.5,
      high: 0.5,
    });
  });

  test('is unknown where one of both is missing', () => {
    expect(ratioTo(figure({ ours: [1] }), 'powertools')).toBeUndefined();
    expect(ratioTo(figure({ powertools: [1] }), 'powertools')).toBeUndefined();
  });
});

describe('The evaluation of a target', () => {
  const measured = figure({ ours: [2, 3, 4], powertools: [10, 10, 10] });

  test('holds the ratio against the target, in the middle of the runs', () => {
    expect(evaluateTarget(measured, { against: 'powertools', atMost: 0.3 })).toMatchObject({ met: true });
    expect(evaluateTarget(measured, { against: 'powertools', atMost: 0.29 })).toMatchObject({ met: false });
    expect(evaluateTarget(measured, { against: 'powertools', atLeast: 0.31 })).toMatchObject({ met: false });
  });

  test('holds the value itself against a target that names nobody', () => {
    expect(evaluateTarget(measured, { atMost: 3 })).toEqual({ spread: { median: 3, low: 2, high: 4 }, met: true });
    expect(evaluateTarget(measured, { atMost: 2.9 })).toMatchObject({ met: false });
  });

  test('is unknown where nothing was measured', () => {
    expect(evaluateTarget(measured, { against: 'rabbitmq', atMost: 1 })).toBeUndefined();
  });
});
