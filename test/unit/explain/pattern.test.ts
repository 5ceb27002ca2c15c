import { expect, test } from 'vitest';
import { matchPattern } from '../../../ops/explain/pattern.ts';

const verdict = (pattern: unknown, value: unknown, partial = false) =>
  matchPattern(pattern, { value, partial }).verdict;

test.each([
  ['a value named', { type: ['a', 'b'] }, { type: 'b' }, 'yes'],
  ['another value', { type: ['a'] }, { type: 'b' }, 'no'],
  ['a number and a text that looks like it', { n: [1] }, { n: '1' }, 'no'],
  ['null', { n: [null] }, { n: null }, 'yes'],
  ['a value in a list', { type: ['a'] }, { type: ['x', 'a'] }, 'yes'],
  ['a field inside', { data: { kind: ['a'] } }, { data: { kind: 'a' } }, 'yes'],
  ['a field that is missing', { data: { kind: ['a'] } }, {}, 'no'],
  ['one of two fields', { a: ['1'], b: ['2'] }, { a: '1', b: '3' }, 'no'],
  ['prefix', { type: [{ prefix: 'shop.' }] }, { type: 'shop.a' }, 'yes'],
  ['prefix, whatever its case', { type: [{ prefix: { 'equals-ignore-case': 'SHOP.' } }] }, { type: 'shop.a' }, 'yes'],
  ['suffix', { type: [{ suffix: '.v1' }] }, { type: 'shop.v2' }, 'no'],
  ['equals-ignore-case', { type: [{ 'equals-ignore-case': 'A' }] }, { type: 'a' }, 'yes'],
  ['wildcard', { type: [{ wildcard: 'shop.*.v1' }] }, { type: 'shop.order.v1' }, 'yes'],
  ['wildcard, where a dot is a dot', { type: [{ wildcard: 'shop.*' }] }, { type: 'shopX' }, 'no'],
  ['anything-but', { type: [{ 'anything-but': ['a'] }] }, { type: 'b' }, 'yes'],
  ['anything-but that', { type: [{ 'anything-but': 'a' }] }, { type: 'a' }, 'no'],
  ['anything-but a prefix', { type: [{ 'anything-but': { prefix: 'a' } }] }, { type: 'ab' }, 'no'],
  ['anything-but, and it is missing', { type: [{ 'anything-but': 'a' }] }, {}, 'no'],
  ['exists', { type: [{ exists: true }] }, { type: '' }, 'yes'],
  ['exists not', { 'replay-name': [{ exists: false }] }, {}, 'yes'],
  ['a number between', { n: [{ numeric: ['>', 0, '<=', 5] }] }, { n: 5 }, 'yes'],
  ['a number beyond', { n: [{ numeric: ['>', 0, '<=', 5] }] }, { n: 6 }, 'no'],
  ['either', { $or: [{ a: ['1'] }, { b: ['2'] }] }, { b: '2' }, 'yes'],
  ['neither', { $or: [{ a: ['1'] }, { b: ['2'] }] }, { b: '3' }, 'no'],
  ['an operator that is not known here', { ip: [{ cidr: '10.0.0.0/8' }] }, { ip: '10.1.1.1' }, 'depends'],
])('%s', (_, pattern, message, expected) => {
  expect(verdict(pattern, message)).toBe(expected);
});

test('an unknown field makes the verdict depend on it, unless another field decides', () => {
  const pattern = { type: ['a'], data: { total: [{ numeric: ['>', 100] }] } };
  expect(matchPattern(pattern, { value: { type: 'a' }, partial: true })).toEqual({
    verdict: 'depends',
    why: ['on data.total, which must be numeric [">",100]'],
  });
  expect(verdict(pattern, { type: 'b' }, true)).toBe('no');
});

test('a reason quotes the type, and never personal values', () => {
  const why = (pattern: unknown, value: unknown) => matchPattern(pattern, { value, partial: false }).why.join();
  expect(why({ type: ['a'] }, { type: 'b' })).toBe('type is "b", not "a"');
  expect(why({ data: { phone: ['+1'] } }, { data: { phone: '+821012345678' } })).toBe('data.phone is not "+1"');
});
