import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** Unpacks the files of a commit into a new folder. A shallow clone fetches the commit first; throws where it cannot. */
export async function checkOut(commit: string, folder: string): Promise<void> {
  if (!(await hasCommit(commit))) await git('fetch', '--quiet', '--depth', '1', 'origin', commit).catch(() => {});
  if (!(await hasCommit(commit))) {
    throw new Error(
      `This clone lacks the commit ${commit}: run \`git fetch --unshallow\`, or \`git fetch origin ${commit}\`.`,
    );
  }
  await unpack(['archive', commit], folder);
}

/** Copies the files of this working tree, as they are, into a new folder. */
export async function copyWorkingTree(folder: string): Promise<void> {
  const { stdout } = await git('ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate');
  const files = stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
  await mkdir(folder, { recursive: true });
  for (const file of files) await cp(join(root, file), join(folder, file));
  await shareModules(folder);
}

const git = (...args: string[]) => run('git', args, { cwd: root, maxBuffer: 10_000_000 });

const hasCommit = (commit: string): Promise<boolean> =>
  git('cat-file', '-e', `${commit}^{commit}`).then(
    () => true,
    () => false,
  );

async function unpack(archive: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const from = spawn('git', archive, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const to = spawn('tar', ['-x', '-C', folder], { stdio: ['pipe', 'ignore', 'pipe'] });
  const [said, [code]] = await Promise.all([text(to.stderr), once(to, 'close'), pipeline(from.stdout, to.stdin)]);
  if (code !== 0) throw new Error(`\`git ${archive.join(' ')}\` could not be unpacked: ${said}`);
  await shareModules(folder);
}

const shareModules = (folder: string) => symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
