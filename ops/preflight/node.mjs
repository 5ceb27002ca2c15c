// Ends the process with one sentence where its Node cannot run this repository. To be read by any Node: no TypeScript, no packages.
// `node --import` of it costs a command next to nothing.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

// The first with type stripping and `import.meta.main`.
const OLDEST = [24, 2];

const packages = join(root, 'node_modules');
const isInstalled = existsSync(join(packages, 'node', 'bin', 'node'));
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const pinnedNode = `Node ${devDependencies.node}, which everything here runs on,`;

/** Why the Node that `package.json` pins is missing though its package is there, with the remedy; `undefined` where it is not missing. */
export const pinnedNodeTrouble = isInstalled ? undefined : scriptNotRun();

/** Why this Node cannot run the repository, with the remedy; `undefined` where it can. */
function nodeTrouble() {
  const missing = missingPackages();
  if (missing !== undefined) return missing;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  if (pinnedNodeTrouble !== undefined) return pinnedNodeTrouble;
  if (root.includes(delimiter)) {
    return `The path of this clone contains \`${delimiter}\`, so npm cannot put what is installed on the PATH: move the clone to a path without it.`;
  }
  const own = 'runs this, and not the Node of this repository';
  return `Node ${process.versions.node} ${own}: use the npm scripts or \`npx node\`; if they say this too, \`npm rebuild node\`.`;
}

/** Whatever Node runs this, it needs the other packages too. */
function missingPackages() {
  if (!existsSync(packages)) return `Nothing is installed here yet: run \`npm ci\`.`;
  if (existsSync(join(packages, 'node', 'package.json'))) return undefined;
  return `${pinnedNode} is not installed, because the development dependencies were left out${omission()}: run \`npm ci --include=dev\`.`;
}

function scriptNotRun() {
  if (existsSync(join(packages, '.modules.yaml'))) {
    return `${pinnedNode} is not installed, because pnpm did not run its install script: run \`pnpm approve-builds node esbuild\`.`;
  }
  return `${pinnedNode} is not installed, because npm did not run its install script (ignore-scripts): run \`npm rebuild node --ignore-scripts=false\`.`;
}

/** What made npm leave them out, where that is still to be seen. */
function omission() {
  const { NODE_ENV, npm_config_omit: omit = '' } = process.env;
  if (NODE_ENV === 'production') return ' (NODE_ENV is production)';
  return /\bdev\b/.test(omit) ? ' (npm is set to omit dev)' : '';
}

const trouble = nodeTrouble();
if (trouble !== undefined) {
  process.stderr.write(`${trouble}\n`);
  process.exit(1);
}
