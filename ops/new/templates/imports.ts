import type { EventContract } from '../../../contracts/cloud-event.ts';
import { contractFiles } from '../contract-files.ts';

/** The constants that define some events, and how they are imported. */
export type Imports = {
  names: readonly string[];
  /** Pairs each constant with the file that it is imported from, where `folder` leads to `contracts/`. */
  files(folder: string): [constant: string, from: string][];
  statements(folder: string): string;
};

/** Finds the constants of events of the catalogue. */
export function importsOf(contracts: readonly EventContract[]): Imports {
  const found = contracts.map((contract) => ({ contract, ...definitionOf(contract) }));
  const byFile = Map.groupBy(found, ({ file }) => file);
  return {
    names: found.map(({ constant }) => constant),
    files: (folder) => found.map(({ constant, file }) => [constant, `${folder}/${file}`]),
    statements: (folder) =>
      [...byFile]
        .map(([file, of]) => `import { ${of.map(({ constant }) => constant).join(', ')} } from '${folder}/${file}';\n`)
        .join(''),
  };
}

function definitionOf(contract: EventContract): { constant: string; file: string } {
  const found = contractFiles.get(contract);
  if (found === undefined) {
    throw new Error(`No file in contracts/ exports the contract of ${contract.type}.`);
  }
  return found;
}
