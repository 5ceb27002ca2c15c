import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

// https://packaging.python.org/en/latest/specifications/binary-distribution-format/
const WRITE_WHEEL = `
import sys, zipfile
path, name, version = sys.argv[1:]
about = f"{name}-{version}.dist-info"
files = {
    f"{name}/__init__.py": "",
    f"{name}/main.py": f"version = {version!r}\\n",
    f"{about}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
    f"{about}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
files[f"{about}/RECORD"] = "".join(f"{file},,\\n" for file in [*files, f"{about}/RECORD"])
with zipfile.ZipFile(path, "w") as wheel:
    for file, text in files.items():
        wheel.writestr(file, text)
`;

/** Creates a Python package with a module `main` that knows its `version`, in a folder that pip can take as its index. */
export async function createWheel(folder: string, name: string, version: string): Promise<{ sha256: string }> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}-${version}-py3-none-any.whl`);
  await run('python3', ['-I', '-c', WRITE_WHEEL, file, name, version]);
  return {
    sha256: createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  };
}
