import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orderIdOf, originalMessage } from '../../../ops/dlq/dead-letter.ts';
import { problemsFor } from '../../../ops/dlq/redrive.ts';
import { rewriteDiscarded } from '../../../ops/forget/files.ts';
import { letterWithoutPerson } from '../../../ops/forget/letters.ts';
import { bareDeadLetter, deadLetter } from '../../builders/dead-letters.ts';
import { placed } from '../../builders/events.ts';

const PHONE = '+821012345678';
const body = JSON.stringify(placed());

describe('A dead letter without its person', () => {
  test('has the same reason and order, and goes back as a message that its consumer takes', () => {
    const letter = deadLetter({ body, attributes: { attempts: '3' } });
    const after = letterWithoutPerson(letter);
    const { errorType, reason, failedAt, attempts } = letter;
    expect(after).toMatchObject({ errorType, reason, failedAt, attempts, attributes: letter.attributes });
    expect(orderIdOf(after)).toBe('o-1001');
    expect(problemsFor(after, originalMessage(after).body)).toEqual([]);
    expect(JSON.stringify(after)).not.toMatch(/8210|c-7|tok_visa/);
  });

  test('loses it in the reason, in what its publisher sent beside it, and in the body from before an edit', () => {
    const errorMessage = `the number ${PHONE} is refused`;
    const letter = deadLetter({ body, attributes: { errorMessage, buyer: PHONE, type: 'x', originalBody: body } });
    const { attributes } = letterWithoutPerson(letter);
    expect(JSON.stringify(attributes)).not.toMatch(/8210|c-7|tok_visa/);
    expect(Object.keys(attributes)).toEqual(expect.arrayContaining(['errorMessage', 'type', 'originalBody']));
    expect(attributes).not.toHaveProperty('buyer');
  });

  test('loses it in the note of whoever parked it, and nothing else of that', () => {
    const parked = { owner: 'ana', note: `call ${PHONE} first`, link: null, parkedAt: 'then', expiresAt: 'later' };
    expect(letterWithoutPerson({ ...deadLetter({ body }), parked }).parked).toEqual({
      ...parked,
      note: expect.stringMatching(/^call (?!.*8210).* first$/),
    });
  });

  test('is the letter itself where nobody is in it', () => {
    const letter = bareDeadLetter({ body: '{"data":{"orderId":"o-1"}}' });
    expect(letterWithoutPerson(letter)).toEqual(letter);
  });
});

test('What dlq discard saved under its own name loses the person of the orders, and nothing of any other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forget-'));
  const lineOf = (orderId: string) => {
    const { receiptHandle: _, attributes, ...letter } = deadLetter({ body: JSON.stringify(placed({ orderId })) });
    return JSON.stringify({ ...letter, attributes });
  };
  const lines = [lineOf('o-1'), 'no letter', lineOf('o-2')];
  const [saved, own] = [join(folder, 'discarded-2026-11-21T09-00-00-000Z.jsonl'), join(folder, 'mine.jsonl')];
  for (const file of [saved, own]) await writeFile(file, `${lines.join('\n')}\n`);
  expect(await rewriteDiscarded(folder, new Set(['o-1']))).toBe(1);
  const [first, ...others] = (await readFile(saved, 'utf8')).split('\n');
  expect(first).not.toContain(PHONE);
  expect(JSON.parse(first ?? '')).toMatchObject({ consumer: 'payment', reason: 'data.total: is missing' });
  expect(others).toEqual([...lines.slice(1), '']);
  expect(await readFile(own, 'utf8')).toBe(`${lines.join('\n')}\n`);
  expect(await rewriteDiscarded(folder, new Set(['o-1']))).toBe(0);
});
