import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** Compiles the contracts for `npm pack`, once as ES modules and once as CommonJS, each with declarations of its own. */
function buildPackage(): void {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  for (const [folder, project] of [
    ['esm', 'tsconfig.json'],
    ['cjs', 'tsconfig.cjs.json'],
  ] as const) {
    execFileSync(process.execPath, [tsc, '-p', join(root, 'contracts', project)], { stdio: 'inherit' });
    useCompiledNames(join(root, 'dist', folder));
  }
  // The package's own package.json says that files are ES modules.
  writeFileSync(join(root, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
}

/** The compiler rewrites the extensions of imports in code, and leaves them in declarations, where not every resolver finds them. */
function useCompiledNames(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  )) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '\.{1,2}\/[^']+)\.ts'/g, "$1.js'"));
  }
}

buildPackage();
