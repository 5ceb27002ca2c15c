import { describe, expect, it } from 'vitest';
import { type CaptureOutput, findPython } from '../../localstack/python.ts';

const exactly313 = {
  label: 'Python 3.13',
  isSupported: (major: number, minor: number) => major === 3 && minor === 13,
  uvRequest: '3.13',
};

/** Simulates a machine whose programs print the given answers; a program that is not listed cannot run. */
function machine(answers: Record<string, string>): CaptureOutput {
  return async (file, args) => answers[args[0] === '-c' ? file : [file, ...args].join(' ')];
}

describe('findPython', () => {
  it('returns the first suitable Python that can create environments', async () => {
    const answers = machine({
      python3: '3 11 True /usr/bin/python3',
      '/pyenv/3.13/python3': '3 13 True /pyenv/3.13/python3',
    });
    const found = await findPython(exactly313, ['python3', '/pyenv/3.13/python3'], answers);
    expect(found).toEqual({ python: '/pyenv/3.13/python3', uv: undefined });
  });

  it('skips a shim on PATH that exits with an error', async () => {
    const found = await findPython(
      exactly313,
      ['python3.13', 'real'],
      machine({ real: '3 13 True /opt/my python/python3' }),
    );
    expect(found.python).toBe('/opt/my python/python3');
  });

  it('accepts a Python without the venv module only when uv can create the environment', async () => {
    const debian = { python3: '3 13 False /usr/bin/python3' };
    await expect(findPython(exactly313, ['python3'], machine(debian))).rejects.toThrow(
      /^Python 3\.13 is here without venv.* `sudo apt install python3-venv`.*, or install uv, which needs none\.$/,
    );
    const found = await findPython(exactly313, ['python3'], machine({ ...debian, 'uv --version': 'uv 0.13' }));
    expect(found).toEqual({ python: '/usr/bin/python3', uv: 'uv' });
  });

  it('lets uv install a Python when none is suitable', async () => {
    const answers = machine({
      'uv --version': 'uv 0.13',
      'uv python install --quiet 3.13': '',
      'uv python find 3.13': '/uv/3.13/python',
    });
    expect(await findPython(exactly313, ['python3'], answers)).toEqual({ python: '/uv/3.13/python', uv: 'uv' });
  });

  it('reports what is needed, what was found and how to install it', async () => {
    const answers = machine({ python3: '3 11 True /usr/bin/python3', python: '2 7 False /usr/bin/python' });
    await expect(findPython(exactly313, ['python3', 'python'], answers)).rejects.toThrow(
      /^Python 3\.13 is needed .* PATH, under pyenv or through uv \(found: 3\.11, 2\.7 without venv\); install it .*uv.*\.$/,
    );
  });
});
