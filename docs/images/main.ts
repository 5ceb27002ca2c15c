import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPicture, shownText } from './run-picture.ts';

// docs/commands.md says how a run is captured; it comes in on standard input.
const shown = shownText(readFileSync(process.stdin.fd, 'utf8'));
writeFileSync(join(import.meta.dirname, 'run.txt'), shown);
writeFileSync(join(import.meta.dirname, 'run.svg'), runPicture(shown));
