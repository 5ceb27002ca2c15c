import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runPicture, shownText, withQuotation } from './run-picture.ts';

// docs/commands.md says how a run is captured; it comes in on standard input.
const shown = shownText(await text(process.stdin));
writeFileSync(join(import.meta.dirname, 'run.txt'), shown);
writeFileSync(join(import.meta.dirname, 'run.svg'), runPicture(shown));
for (const name of ['README.md', 'README.ko.md']) {
  const path = join(import.meta.dirname, '..', '..', name);
  writeFileSync(path, withQuotation(readFileSync(path, 'utf8'), shown));
}
