import { displayWidth, splitAtWidth } from './display-width.ts';
import { isWhole, type Layout, layoutFor } from './layout.ts';
import { breakCommand } from './shell-words.ts';

// What a line begins with and its continuation keeps: blanks, a tree, a mark.
const LEAD = /^[ │├└─]*(?:[✗✓‖!…•-] )?/;

// A command in backticks, one in brackets, one to the end of the line; or a word.
const TOKEN =
  /`(?<quoted>np[mx] [^`]+)`\S*|\((?<bracketed>np[mx] (?:'[^']*'|\\.|[^()'\\])*)\)\S*|(?<bare>np[mx] (?:run|start|ci|test|cdk)\b.*\S)|\S+/g;

/**
 * Wraps lines that are too wide at word boundaries, with a hanging indent. A command stays on one line, of its own if it has to be; one that is too
 * wide for that is broken as a shell reads it. What fits is left as it is.
 */
export function wrapText(text: string, layout: Layout): string {
  if (isWhole(layout)) return text;
  const lines = text.replaceAll('\t', '    ').split('\n');
  return lines.flatMap((line) => wrapLine(line, layout.width)).join('\n');
}

/** Lays a text out for the terminal, and says so where something was left out to fit. */
export function layOut(text: (layout: Layout) => string): string {
  let isCut = false;
  const layout: Layout = {
    ...layoutFor(process.stdout),
    onCut: () => {
      isCut = true;
    },
  };
  const wrapped = wrapText(text(layout), layout);
  return isCut ? `${wrapped}\n\nShortened to ${layout.width} columns: --wide shows all.` : wrapped;
}

/** Wraps one line; a text for a cell of a table has no indent. */
export function wrapLine(line: string, width: number, indent?: string): string[] {
  if (displayWidth(line) <= width) return [line];
  const lead = LEAD.exec(line)?.[0] ?? '';
  const hanging = indent ?? hangingIndent(lead, width);
  const wrapped = new WrappedLine(lead, hanging, width);
  for (const { 0: token, groups = {} } of line.slice(lead.length).matchAll(TOKEN)) {
    const command = groups.quoted ?? groups.bracketed ?? groups.bare;
    if (command === undefined) wrapped.addWord(token);
    else wrapped.addCommand(token, command);
  }
  return wrapped.end();
}

function hangingIndent(lead: string, width: number): string {
  const kept = lead.replaceAll('├', '│').replaceAll(/[^│ ]/g, ' ');
  const indent = /\S $/.test(lead) ? kept : `${kept}  `;
  return displayWidth(indent) > width / 2 ? '  ' : indent;
}

class WrappedLine {
  private readonly lines: string[] = [];
  private isEmpty = true;
  private line: string;
  private readonly indent: string;
  private readonly width: number;

  constructor(lead: string, indent: string, width: number) {
    this.line = lead;
    this.indent = indent;
    this.width = width;
  }

  addWord(word: string): void {
    if (!this.isEmpty && !this.fits(` ${word}`)) this.breakLine();
    let rest = `${this.isEmpty ? '' : ' '}${word}`;
    while (!this.fits(rest)) {
      const [piece, after] = splitAtWidth(rest, this.width - displayWidth(this.line));
      this.append(piece);
      this.breakLine();
      rest = after;
    }
    this.append(rest);
  }

  /** Adds a command with the punctuation around it. */
  addCommand(token: string, command: string): void {
    if (displayWidth(this.indent + token) <= this.width) {
      if (!this.isEmpty && !this.fits(` ${token}`)) this.breakLine();
      this.append(`${this.isEmpty ? '' : ' '}${token}`);
      return;
    }
    const [before = '', after = ''] = token.split(command);
    if (before !== '') this.addWord(before);
    if (!this.isEmpty) this.breakLine();
    this.lines.push(...breakCommand(command, this.width, this.indent));
    this.line = this.indent;
    if (after !== '') this.addWord(after);
  }

  end(): string[] {
    return this.isEmpty ? this.lines : [...this.lines, this.line];
  }

  private fits(text: string): boolean {
    return displayWidth(this.line + text) <= this.width;
  }

  private append(text: string): void {
    this.line += text;
    this.isEmpty = false;
  }

  private breakLine(): void {
    this.lines.push(this.line);
    this.line = this.indent;
    this.isEmpty = true;
  }
}
