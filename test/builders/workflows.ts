import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';

export type Step = {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, string | boolean | number>;
  env?: Record<string, string>;
};
export type Job = {
  if?: string;
  needs?: string | string[];
  environment?: string;
  permissions?: Record<string, string>;
  strategy?: { matrix: Record<string, string[]> };
  'timeout-minutes'?: number;
  steps: Step[];
};
export type Workflow = {
  on: Record<string, { branches?: string[]; inputs?: Record<string, { type: string; default: unknown }> }>;
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
};

const folder = join(import.meta.dirname, '..', '..', '.github', 'workflows');

/** Every workflow, by its file's name. */
export const workflows: Readonly<Record<string, Workflow>> = Object.fromEntries(
  readdirSync(folder).map((file) => [file, parse(readFileSync(join(folder, file), 'utf8')) as Workflow]),
);

type Value = string | boolean | null | { [name: string]: Value };

function toData(value: Value): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  return new data.Dictionary(...Object.entries(value).map(([key, inner]) => ({ key, value: toData(inner) })));
}

/**
 * Evaluates a GitHub expression, with or without `${{ }}`, with GitHub's own evaluator. Returns the string that a variable of the
 * environment would hold.
 */
export function evaluateExpression(text: string, contexts: { [name: string]: Value }): string {
  const source = text.replace(/^\$\{\{(.*)\}\}$/s, '$1').trim();
  const names = ['github', 'inputs', 'vars', 'needs', 'matrix'];
  const known = Object.fromEntries(names.map((name) => [name, contexts[name] ?? {}]));
  const expression = new Parser(new Lexer(source).lex().tokens, names, []).parse();
  return new Evaluator(expression, toData(known) as data.Dictionary).evaluate().coerceString();
}

/** Runs a step's script as a runner does, with an `npm` that only notes what it was called with. */
export async function runScript(
  script: string,
  env: Record<string, string>,
  npm: { prints?: string; exitCode?: number } = {},
): Promise<{ exitCode: number; output: string; calls: string[][]; summary: string }> {
  const temporary = await mkdtemp(join(tmpdir(), 'workflow-'));
  onTestFinished(() => rm(temporary, { recursive: true, force: true }));
  const file = (name: string) => join(temporary, name);
  await Promise.all(['calls', 'summary'].map((name) => writeFile(file(name), '')));
  await writeFile(file('script'), script);
  await writeFile(file('prints'), npm.prints ?? '');
  const note = `IFS=$'\\x1f'; printf '%s\\n' "$*" >> '${file('calls')}'`;
  await writeFile(file('npm'), `#!/bin/bash\n${note}\ncat '${file('prints')}'\nexit ${npm.exitCode ?? 0}\n`);
  await chmod(file('npm'), 0o755);
  const { exitCode, output } = await new Promise<{ exitCode: number; output: string }>((resolve) => {
    const options = {
      env: {
        ...env,
        PATH: [temporary, process.env.PATH].join(delimiter),
        RUNNER_TEMP: temporary,
        GITHUB_STEP_SUMMARY: file('summary'),
      },
    };
    // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell
    execFile('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file('script')], options, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
  const calls = (await readFile(file('calls'), 'utf8')).split('\n').filter(Boolean);
  return {
    exitCode,
    output,
    calls: calls.map((call) => call.split('\x1f')),
    summary: await readFile(file('summary'), 'utf8'),
  };
}
