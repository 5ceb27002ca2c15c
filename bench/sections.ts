import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Section } from './figure.ts';

/** The parts of the benchmark, in the sequence in which they run; each is a file under `bench/sections`. */
export const sectionNames = ['counts', 'handlers', 'cold-start', 'rate', 'growth', 'first-minutes'] as const;

export type SectionName = (typeof sectionNames)[number];

/** Takes what `--only` was given, names with commas between, and gives them in the sequence in which they run; throws naming a wrong one. */
export function chosenSections(text: string): SectionName[] {
  const asked = text.split(',').map((name) => name.trim());
  const wrong = asked.find((name) => !sectionNames.some((known) => known === name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`There is no section "${wrong}": choose from ${sectionNames.join(', ')}.`);
  return sectionNames.filter((name) => asked.includes(name));
}

/** Takes a section's name and gives the section; throws a sentence where its file is missing. */
export async function sectionNamed(name: SectionName): Promise<Section> {
  const file = join(import.meta.dirname, 'sections', `${name}.ts`);
  await access(file).catch(() => {
    throw new Error(`bench/sections/${name}.ts is missing.`);
  });
  const { section } = (await import(file)) as { section: Section };
  return section;
}
