import ts from 'typescript';

/** Tells whether a word cannot name a variable, or means something to the language elsewhere. */
export function isReservedWord(word: string): boolean {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, word);
  return (
    scanner.scan() !== ts.SyntaxKind.Identifier || ['undefined', 'arguments', 'eval', 'constructor'].includes(word)
  );
}
