import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Figure, Section } from '../figure.ts';
import { Checkout } from './first-minutes/checkout.ts';

const TEST_REPORT = join(import.meta.dirname, '..', '..', '.local', 'test-report-test.json');
const CONFIRMED = 'CONFIRMED';

/** What somebody waits for who has just found this repository (figure 10). */
export const section: Section = {
  name: 'first-minutes',
  title: 'From a clone to the first confirmed order',
  async run({ progress }) {
    const checkout = await Checkout.open();
    try {
      progress('git clone');
      const clone = await checkout.clone();
      const cloneSize = await checkout.megabytes('.');
      progress('npm ci');
      const install = await checkout.run('npm', ['ci', '--no-audit', '--no-fund']);
      const modulesSize = await checkout.megabytes('node_modules');
      progress('npm start');
      const start = await checkout.run('npm', ['start'], checkout.folder, CONFIRMED);
      progress('npm start, again');
      const again = await checkout.run('npm', ['start'], checkout.folder, CONFIRMED);
      return [
        seconds(
          'first.confirmed',
          'git clone && npm ci && npm start, to the first confirmed order',
          clone + install + start,
          {
            note: 'Once, of what is committed, from this disk. What npm and pip had fetched before comes from their caches; the rest from the network.',
          },
        ),
        seconds('first.clone', 'of it git clone', clone),
        seconds('first.install', 'of it npm ci', install),
        seconds('first.start', 'of it npm start: an engine is installed, started, and deployed to', start),
        seconds('first.again', 'A second npm start, to the first confirmed order', again),
        megabytes('first.size.clone', 'The clone with its history', cloneSize),
        megabytes('first.size.modules', 'node_modules', modulesSize),
        ...(await testSuite()),
      ];
    } finally {
      progress('npm run ops -- down');
      checkout.close();
    }
  },
};

const once = { kind: 'measure', better: 'lower' } as const;

const seconds = (id: string, what: string, value: number, more: Pick<Figure, 'note'> = {}): Figure => ({
  ...once,
  id,
  what,
  unit: 's',
  values: { ours: [value] },
  ...more,
});

const megabytes = (id: string, what: string, value: number): Figure => ({
  ...once,
  id,
  what,
  unit: 'MB',
  values: { ours: [value] },
});

type Report = { startTime: number; testResults: { endTime: number }[] };

/** Gives what the last run of `.ci/run` says of `npm test`, where there was one. */
async function testSuite(): Promise<Figure[]> {
  const text = await readFile(TEST_REPORT, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const { startTime, testResults } = JSON.parse(text) as Report;
  const ended = Math.max(startTime, ...testResults.map(({ endTime }) => endTime));
  const note = 'As .ci/run measured it last, not in this run.';
  return [seconds('first.tests', 'npm test', (ended - startTime) / 1_000, { note })];
}
