import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Section } from './figure.ts';

/** The sections in the order in which they run; each is a file under `bench/sections`. */
export const sectionNames = ['counts', 'cold-start', 'rate', 'growth', 'first-minutes'] as const;

export type SectionName = (typeof sectionNames)[number];

/** Parses the names of `--only`, in the order in which the sections run; throws if one is unknown. */
export function parseSectionNames(text: string): SectionName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !sectionNames.some((known) => known === name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no section "${unknown}": choose from ${sectionNames.join(', ')}.`);
  return sectionNames.filter((name) => names.includes(name));
}

/** Loads a section, which loads the packages that it needs. */
export async function loadSection(name: SectionName): Promise<Section> {
  const { section } = (await import(join(import.meta.dirname, 'sections', `${name}.ts`))) as { section: Section };
  return section;
}
