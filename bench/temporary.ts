import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Takes a name and gives a new folder, which goes when the process does. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `shop-messaging-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
