import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The inputs of the template and of the functions' code. */
export const SOURCES: readonly string[] = [
  'contracts',
  'lambdas',
  // The mappings of the intake, where a shop has kept them.
  'examples/platforms',
  'infra',
  'settings',
  'cdk.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** Digests the names and contents of all files that a deployment is built from. */
export async function fingerprint(root: string, sources = SOURCES): Promise<string> {
  const digest = createHash('sha256');
  for (const source of sources) {
    for (const file of await listFiles(root, source)) {
      const content = await readFile(join(root, file));
      digest.update(`${file}\0${content.length}\0`).update(content);
    }
  }
  return digest.digest('hex');
}

async function listFiles(root: string, source: string): Promise<string[]> {
  if (source.includes('.')) return [source];
  if (!existsSync(join(root, source))) return [];
  const entries = await readdir(join(root, source), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
