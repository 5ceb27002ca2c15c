import { describe, expect, test } from 'vitest';
import { Jobs } from '../../../ops/console/server/jobs.ts';

/** Waits until the first operation of these has ended. */
const ended = (jobs: Jobs): Promise<void> =>
  new Promise((resolve) => {
    const look = () => jobs.running() === 0 && resolve();
    jobs.onChange(look);
    look();
  });

describe('An operation that takes a while', () => {
  test('is answered at once, and its progress and result are told to whoever listens', async () => {
    const jobs = new Jobs();
    const seen: (string | undefined)[] = [];
    jobs.onChange(() => seen.push(jobs.views()[0]?.text));
    const view = jobs.start({ kind: 'redrive', title: 'three letters' }, async (job) => {
      job.progress({ done: 2, total: 3, text: '2 of 3' });
      return { moved: 3 };
    });
    expect(view).toMatchObject({ kind: 'redrive', title: 'three letters', state: 'running', done: 0, total: null });
    await ended(jobs);
    expect(seen).toContain('2 of 3');
    expect(jobs.views()).toEqual([
      expect.objectContaining({ state: 'done', done: 2, total: 3, result: { moved: 3 }, endedAt: expect.any(String) }),
    ]);
  });

  test('that fails has the sentence of its error, also where it fails at once', async () => {
    const jobs = new Jobs();
    jobs.start({ kind: 'load', title: 'a load' }, () => {
      throw new Error('The topic is gone.');
    });
    await ended(jobs);
    expect(jobs.views()[0]).toMatchObject({ state: 'failed', error: 'The topic is gone.' });
  });

  test('that is stopped ends after what it is at, and says that it was stopped', async () => {
    const jobs = new Jobs();
    const { id } = jobs.start({ kind: 'drill', title: 'a drill' }, async ({ signal }) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { accepted: 5 };
    });
    expect(jobs.stop('drill-9')).toBe(false);
    expect(jobs.stop(id)).toBe(true);
    await ended(jobs);
    expect(jobs.views()[0]).toMatchObject({ state: 'stopped', result: { accepted: 5 } });
  });

  test('that is stopped has no error, unless there is more to say than that it was stopped', async () => {
    const jobs = new Jobs();
    const stopped = (error?: Error) =>
      jobs.start({ kind: 'replay', title: 'a replay' }, async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        if (error !== undefined) throw error;
        signal.throwIfAborted();
      });
    const all = [stopped(), stopped(new Error('The queue refused an event.'))];
    await Promise.resolve();
    for (const { id } of all) jobs.stop(id);
    await ended(jobs);
    expect(jobs.views()).toEqual([
      expect.objectContaining({ state: 'stopped', error: 'The queue refused an event.' }),
      expect.not.objectContaining({ error: expect.anything() }),
    ]);
  });

  test('is told when it changes, and not again because another does', async () => {
    const jobs = new Jobs();
    jobs.start({ kind: 'audit', title: 'an audit' }, async () => ({ checked: 1 }));
    await ended(jobs);
    const { revision, views } = jobs.changesSince(0);
    expect(views.map(({ id }) => id)).toEqual(['audit-1']);
    jobs.start({ kind: 'load', title: 'a load' }, async () => ({ published: 1 }));
    expect(jobs.changesSince(revision).views.map(({ id }) => id)).toEqual(['load-2']);
    await ended(jobs);
    const last = jobs.changesSince(revision);
    expect(last.views).toMatchObject([{ id: 'load-2', state: 'done' }]);
    expect(jobs.changesSince(last.revision).views).toEqual([]);
  });

  test('is forgotten once fifty others have ended since, but never while it runs', async () => {
    const jobs = new Jobs();
    let release = () => {};
    jobs.start({ kind: 'load', title: 'long' }, () => {
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    for (let n = 0; n < 60; n += 1) jobs.start({ kind: 'pause', title: `${n}` }, async () => undefined);
    await new Promise<void>((resolve) => {
      const look = () => jobs.running() === 1 && resolve();
      jobs.onChange(look);
      look();
    });
    jobs.start({ kind: 'resume', title: 'the last' }, async () => undefined);
    const titles = jobs.views().map(({ title }) => title);
    expect(titles).toHaveLength(52);
    expect([titles[0], titles.at(-1)]).toEqual(['the last', 'long']);
    release();
    await jobs.stopAll();
  });
});
