import { terminalSvg } from './terminal-svg.ts';

/** Tables of a run that are too much for a front page. An ellipsis stands for them. */
const LEFT_OUT = ['Time per stage', 'Texts that went out', 'Shelves', 'What to try next'];
const TITLE = 'A run of npm start';

/** Returns what a terminal shows after a captured run, without the tables that are left out and without what npm prints about the script. */
export function shownText(captured: string): string {
  const lines = captured.split(/\r?\n/).map(lastDrawn);
  const text = lines.filter((line) => !line.startsWith('> ')).join('\n');
  const parts = text.trim().split(/\n\n(?=[^\n]+\n─|Done in )/);
  const kept = parts.map((part) => (LEFT_OUT.some((title) => part.startsWith(`${title}\n`)) ? '…' : part));
  return `${kept.filter((part, index) => part !== '…' || kept[index - 1] !== '…').join('\n\n')}\n`;
}

/** Returns the lines of a run that README quotes: what was done, and where it ended. */
export function quotedText(shown: string): string {
  const lines = shown.split('\n');
  const done = lines.filter((line) => line.startsWith('✓ ') || line.includes(': ready at '));
  return [...done, '…', ...lines.filter((line) => line.startsWith('Done in '))].join('\n');
}

/** Returns a page with its quotation of a run replaced. */
export const withQuotation = (page: string, shown: string): string =>
  page.replace(
    /(npm ci && npm start\n```\n\n```\n)[^`]*(\n```)/,
    (_, before: string, after: string) => `${before}${quotedText(shown)}${after}`,
  );

/** Draws what a run of `npm start` shows. */
export const runPicture = (shown: string): string =>
  terminalSvg(['$ npm start', ...shown.trimEnd().split('\n')], TITLE);

/** Returns what is left of a line that was overwritten, as a step's running time and npm's own progress are. */
function lastDrawn(line: string): string {
  const written = line.replaceAll('\x1b[1G', '\r').split('\r').at(-1) ?? '';
  return ['\x1b[K', '\x1b[0K'].reduce((text, erased) => text.replaceAll(erased, ''), written).trimEnd();
}
