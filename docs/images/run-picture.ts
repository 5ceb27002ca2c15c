import { terminalSvg } from './terminal-svg.ts';

/** Tables of a run that are too much for a front page. An ellipsis stands for them. */
const LEFT_OUT = ['Time per stage', 'Texts that went out', 'Shelves'];
const TITLE = 'A run of npm start';

/** Returns what a terminal shows after a captured run, without the tables that are left out and without what npm prints about the script. */
export function shownText(captured: string): string {
  const lines = captured.split(/\r?\n/).map(lastDrawn);
  const text = lines.filter((line) => !line.startsWith('> ')).join('\n');
  const parts = text.trim().split(/\n\n(?=[^\n]+\n─)/);
  const kept = parts.map((part) => (LEFT_OUT.some((title) => part.startsWith(`${title}\n`)) ? '…' : part));
  return `${kept.filter((part, index) => part !== '…' || kept[index - 1] !== '…').join('\n\n')}\n`;
}

/** Draws what a run of `npm start` shows. */
export const runPicture = (shown: string): string =>
  terminalSvg(['$ npm start', ...shown.trimEnd().split('\n')], TITLE);

/** Returns what is left of a line that was overwritten: a step's running time is written anew five times a second. */
const lastDrawn = (line: string): string => (line.split('\r').at(-1) ?? '').replaceAll('\x1b[K', '').trimEnd();
