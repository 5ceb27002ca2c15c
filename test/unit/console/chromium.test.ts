import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../console/chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'chromium-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => {
  writeFileSync(join(folder, name), '');
  return join(folder, name);
};
const PATH = ['', '/nowhere', folder].join(delimiter);

describe('the Chromium of the tests', () => {
  const unpacked = file('unpacked');
  it('is the unpacked one where none is installed, and none where there is neither', () => {
    expect(findChromium({ PATH }, unpacked)).toBe(unpacked);
    expect(findChromium({ PATH }, join(folder, 'none'))).toBeUndefined();
  });

  it('is one on the PATH, under any of its names, rather than the unpacked one', () => {
    const chrome = file('google-chrome');
    expect(findChromium({ PATH }, unpacked)).toBe(chrome);
    const chromium = file('chromium');
    expect(findChromium({ PATH }, unpacked)).toBe(chromium);
  });

  it('is the one that CHROMIUM_PATH names, and no other where that is missing', () => {
    expect(findChromium({ PATH, CHROMIUM_PATH: unpacked }, unpacked)).toBe(unpacked);
    expect(findChromium({ PATH, CHROMIUM_PATH: join(folder, 'gone') }, unpacked)).toBeUndefined();
  });
});
