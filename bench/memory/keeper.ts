import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

// Runs one command in a process group of its own. When whoever started this is gone, however that came about, it ends the group and
// removes the folder that it works in.
const GRACE_MS = 4_000;
const [file = '', ...args] = process.argv.slice(2);
const child = spawn(file, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });

const signal = (name: NodeJS.Signals) => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // The group is gone, which is what was wanted.
  }
};
const end = () => {
  signal('SIGTERM');
  setTimeout(() => signal('SIGKILL'), GRACE_MS);
};
let orphaned = false;
process.once('disconnect', () => {
  orphaned = true;
  end();
});
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end);
child.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once('exit', (code) => {
  signal('SIGKILL');
  if (orphaned) rmSync(process.cwd(), { recursive: true, force: true });
  process.exit(code ?? 0);
});
process.send?.({ pid: child.pid });
