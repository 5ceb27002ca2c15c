import ts from 'typescript';

/** A list or an object in a file that this shop keeps: `customCatalog` in `contracts/custom/catalog.ts`. */
type Collection = { path: string; variable: string };

/** Adds an entry at the end of a list or an object literal; throws a sentence where the file has no such variable. */
export function addEntry(source: string, entry: string, { path, variable }: Collection): string {
  const literal = literalOf(parse(path, source), variable);
  if (literal === undefined) {
    throw new Error(`${path} has no list or object ${variable} to add to: put it back as it was shipped.`);
  }
  const entries = ts.isArrayLiteralExpression(literal) ? literal.elements : literal.properties;
  const end = entries.at(-1)?.getEnd() ?? literal.getEnd() - 1;
  return `${source.slice(0, end)}${entries.length === 0 ? '' : ', '}${entry}${source.slice(end)}`;
}

/** Lists the names in a list of texts or in an object literal. */
export function entriesOf(source: string, { path, variable }: Collection): string[] {
  const file = parse(path, source);
  const literal = literalOf(file, variable);
  if (literal === undefined) return [];
  const entries: readonly ts.Node[] = ts.isArrayLiteralExpression(literal) ? literal.elements : literal.properties;
  return entries.map((one) => (ts.isStringLiteral(one) ? one.text : one.getText(file)));
}

/** Adds an import of a name, `binding`, unless the file has it: `recordsOf` or `consumes as loyalty`. */
export function addImport(source: string, binding: string, from: string): string {
  const file = parse('source.ts', source);
  const imports = file.statements.filter(ts.isImportDeclaration);
  const same = imports.find(
    ({ moduleSpecifier, importClause }) =>
      ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === from && importClause?.namedBindings !== undefined,
  );
  const bindings = same?.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) {
    return `import { ${binding} } from '${from}';\n${source}`;
  }
  const known = bindings.elements.map((one) => one.getText(file).replace(/^type /, ''));
  if (known.includes(binding)) return source;
  // Of `import type { Route }` the word moves to the name, so that the list can hold values too.
  if (same?.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) {
    const names = [...known.map((name) => `type ${name}`), binding].join(', ');
    return `${source.slice(0, same.getStart(file))}import { ${names} } from '${from}';${source.slice(same.getEnd())}`;
  }
  const end = bindings.elements.at(-1)?.getEnd() ?? bindings.getEnd() - 1;
  return `${source.slice(0, end)}, ${binding}${source.slice(end)}`;
}

const parse = (path: string, source: string) => ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);

function literalOf(file: ts.SourceFile, variable: string) {
  for (const statement of file.statements.filter(ts.isVariableStatement)) {
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (name.getText(file) !== variable || initializer === undefined) continue;
      let value = initializer;
      while (ts.isAsExpression(value) || ts.isSatisfiesExpression(value)) value = value.expression;
      if (ts.isArrayLiteralExpression(value) || ts.isObjectLiteralExpression(value)) return value;
    }
  }
  return undefined;
}
