import { beforeAll, describe, expect, test } from 'vitest';
import { INSTALL_TIMEOUT, pythonTool, type ToolResult } from '../builders/python-tools.ts';
import { evaluateExpression, type Job, runScript, type Step, workflows } from '../builders/workflows.ts';

const deploy = workflows['deploy.yml'];
const pullRequest = workflows['pull-request.yml'];
const jobs = Object.entries(workflows).flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]): [string, Job] => [`${file} ${name}`, job]),
);
const hasCredentials = ({ permissions }: Job) => permissions?.['id-token'] === 'write';
const uses = (job: Job | undefined, action: string): Step[] =>
  (job?.steps ?? []).filter((step) => step.uses?.startsWith(`${action}@`));
const stepThatDeploys = (job: Job | undefined): Step => {
  const [step, ...others] = (job?.steps ?? []).filter(({ run }) => run?.includes('npm run deploy'));
  if (step === undefined || others.length > 0) throw new Error('There is not one step that runs npm run deploy');
  return step;
};

describe('The deployment of main', () => {
  const step = stepThatDeploys(deploy?.jobs.deploy);

  test.each([
    ['push', {}, 'true'],
    ['workflow_dispatch', { watch: true }, 'true'],
    ['workflow_dispatch', { watch: false }, 'false'],
  ])('watches alarms unless it was started by hand without: %s %o', (event_name, inputs, expected) => {
    expect(evaluateExpression(step.env?.WATCH ?? '', { github: { event_name }, inputs })).toBe(expected);
  });

  test('would not be watched after a push if null were compared with false', () => {
    expect(evaluateExpression('inputs.watch != false', { inputs: {} })).toBe('false');
  });

  test.each([
    [{}, 'prod'],
    [{ STAGE: 'dev' }, 'dev'],
  ])('is of the stage that the variables name (%o)', (vars, stage) => {
    expect(evaluateExpression(step.env?.STAGE ?? '', { vars })).toBe(stage);
  });

  const run = (env: Record<string, string>) =>
    runScript(step.run ?? '', { STAGE: 'prod', WATCH: 'true', CHANGE: '', REPLACE: '', ...env });
  const flags = async (env: Record<string, string>) => (await run(env)).calls;

  test('watches, asks nothing and names nothing that may change', async () => {
    expect(await flags({})).toEqual([['run', 'deploy', '--', 'prod', '--yes', '--watch']]);
    expect(await flags({ WATCH: 'false' })).toEqual([['run', 'deploy', '--', 'prod', '--yes']]);
  });

  test('is for AWS, as the comparison of a pull request is', () => {
    expect(step.env?.SHOP_TARGET).toBe('aws');
    expect(stepThatDeploys(pullRequest?.jobs.plan).env?.SHOP_TARGET).toBe('aws');
  });

  test('names what a reviewed change may change and replace', async () => {
    expect(await flags({ CHANGE: ' paymentGateway  encryption', REPLACE: 'Key961B73FD' })).toEqual([
      [
        ...['run', 'deploy', '--', 'prod', '--yes', '--watch', '--change', 'paymentGateway', '--change', 'encryption'],
        ...['--replace', 'Key961B73FD'],
      ],
    ]);
  });

  test.each(['--yes', 'x; id', '$(id)', '`id`', 'a\nb', '"', '*'])('refuses what is no name: %j', async (text) => {
    for (const env of [{ CHANGE: text }, { REPLACE: text }]) {
      expect(await run(env)).toMatchObject({ exitCode: 1, calls: [], output: expect.stringContaining('::error::') });
    }
  });

  test('fails when the command fails', async () => {
    const env = { STAGE: 'prod', WATCH: 'true', CHANGE: '', REPLACE: '' };
    expect((await runScript(step.run ?? '', env, { exitCode: 3 })).exitCode).toBe(3);
  });

  test('is one at a time, and from main only', () => {
    expect(deploy).toMatchObject({ concurrency: { group: 'deploy', 'cancel-in-progress': false } });
    expect(deploy?.on).toMatchObject({ push: { branches: ['main'] } });
    const runs = (ref: string) => evaluateExpression(deploy?.jobs.deploy?.if ?? '', { github: { ref }, vars: SET });
    expect([runs('refs/heads/main'), runs('refs/heads/other')]).toEqual(['true', 'false']);
    expect(deploy?.jobs.deploy?.environment).toBe('production');
  });
});

describe('The plan of a pull request', () => {
  const job = pullRequest?.jobs.plan;
  const step = stepThatDeploys(job);
  const run = (npm: { prints?: string; exitCode?: number }) => runScript(step.run ?? '', { STAGE: 'prod' }, npm);

  test("is the base branch's plan for the pull request's assembly", async () => {
    const { calls, exitCode } = await run({ prints: 'no resource changes\n' });
    expect(calls).toEqual([['run', 'deploy', '--', 'prod', '--plan', '--app', 'cdk.out']]);
    expect(exitCode).toBe(0);
  });

  test('fails where the deployment would refuse, and says why in the summary', async () => {
    const { exitCode, output, summary } = await run({ prints: 'Refused: OrdersTable\n', exitCode: 1 });
    expect(exitCode).toBe(1);
    expect(output).toContain('Refused: OrdersTable');
    expect(summary).toContain('Refused: OrdersTable');
  });

  test('takes nothing that it quotes for a command or for Markdown', async () => {
    const { output, summary } = await run({ prints: '::error::forged\n```\n# forged\n' });
    const [, stop = ''] = /::stop-commands::(.+)/.exec(output) ?? [];
    expect(stop.length).toBeGreaterThan(30);
    expect(output.indexOf('::error::forged')).toBeGreaterThan(output.indexOf('::stop-commands::'));
    expect(output.trimEnd().endsWith(`::${stop}::`)).toBe(true);
    expect(summary.match(/```/g)).toHaveLength(2);
  });

  test('is made in the environment that reviewers protect', () => {
    expect(job?.environment).toBe('review');
  });

  test.each([
    ['owner/shop', 'true'],
    ['stranger/shop', 'false'],
  ])('is made for a branch of the repository, not of a fork: %s', (full_name, expected) => {
    const github = { repository: 'owner/shop', event: { pull_request: { head: { repo: { full_name } } } } };
    expect(evaluateExpression(pullRequest?.jobs.synth?.if ?? '', { github, vars: SET })).toBe(expected);
    expect(job?.needs).toBe('synth');
  });
});

const SET = { AWS_REGION: 'eu-central-1', AWS_DIFF_ROLE: 'arn', AWS_DEPLOY_ROLE: 'arn' };

describe('A repository without variables', () => {
  const github = {
    ref: 'refs/heads/main',
    repository: 'owner/shop',
    event: { pull_request: { head: { repo: { full_name: 'owner/shop' } } } },
  };
  test.each([
    ['deploy', deploy?.jobs, 'AWS_DEPLOY_ROLE'],
    ['synth', pullRequest?.jobs, 'AWS_DIFF_ROLE'],
  ])('skips %s with a notice', async (name, all, role) => {
    const runs = (job: string, vars: Record<string, string>) =>
      evaluateExpression(all?.[job]?.if ?? '', { github, vars });
    expect([runs(name, SET), runs('unconfigured', SET)]).toEqual(['true', 'false']);
    for (const vars of [{}, { AWS_REGION: 'eu-central-1' }, { [role]: 'arn' }]) {
      expect([runs(name, vars), runs('unconfigured', vars)]).toEqual(['false', 'true']);
    }
    const { exitCode, output } = await runScript(all?.unconfigured?.steps[0]?.run ?? '', {});
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^::notice title=.*AWS_REGION/);
  });
});

describe('A pull request', () => {
  const scripts = Object.entries(pullRequest?.jobs ?? {}).flatMap(([, { steps }]) => steps.map(({ run = '' }) => run));

  test('is tested within a minute, and then by all that the README says: as a whole, with faults and with an upgrade', () => {
    expect(pullRequest?.jobs.suite?.strategy?.matrix.suite).toEqual([
      'test',
      'test:faults',
      'test:partners',
      'test:upgrade',
    ]);
    expect(scripts).toEqual(expect.arrayContaining(['npm run check', 'npm run test:quick', 'npm run "$SUITE"']));
  });

  test('is tested with the whole history, from which the last version is deployed', () => {
    expect(uses(pullRequest?.jobs.suite, 'actions/checkout')).toMatchObject([{ with: { 'fetch-depth': 0 } }]);
  });
});

describe.each(jobs)('The job %s', (name, job) => {
  test('has no permission but those it states', () => {
    expect(workflows[name.split(' ')[0] ?? '']?.permissions).toEqual({});
    const allowed = { contents: 'read', 'id-token': 'write' };
    expect(allowed).toMatchObject(job.permissions ?? { all: 'by default' });
    if (uses(job, 'actions/checkout').length === 0) expect(job.permissions).toEqual({});
  });

  test('pins every action by commit, with its version beside it', () => {
    for (const { uses: action } of job.steps) {
      if (action !== undefined) expect(action).toMatch(/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/);
    }
  });

  test('leaves no token in the work tree', () => {
    for (const step of uses(job, 'actions/checkout')) expect(step.with?.['persist-credentials']).toBe(false);
  });

  test('puts nothing into a script but through its environment', () => {
    for (const { run = '' } of job.steps) expect(run).not.toContain('${{');
  });

  test('ends in time', () => {
    expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  test('runs no code of a pull request if it has credentials', () => {
    if (!hasCredentials(job)) {
      expect(uses(job, 'aws-actions/configure-aws-credentials')).toEqual([]);
      return;
    }
    const onPullRequest = name.startsWith('pull-request.yml');
    const github = { event: { pull_request: { base: { sha: 'of the base' } } } };
    const refs = uses(job, 'actions/checkout').map((step) =>
      evaluateExpression(String(step.with?.ref ?? "''"), { github }),
    );
    expect(refs).toEqual([onPullRequest ? 'of the base' : '']);
    expect(JSON.stringify(job)).not.toMatch(/\.head\b|head_ref|refs\/pull/);
    // A cache may have been filled by a job that runs the pull request's code, and what was downloaded is there only after the install.
    expect(uses(job, 'actions/setup-node').map((step) => step.with)).toEqual([
      { 'node-version-file': '.nvmrc', 'package-manager-cache': false },
    ]);
    const order = job.steps.map(({ uses: action, run }) => run ?? action?.split('@')[0]);
    const at = (what: string) => order.indexOf(what);
    expect(at('npm ci')).toBeGreaterThan(at('actions/setup-node'));
    expect(at('aws-actions/configure-aws-credentials')).toBeGreaterThan(at('npm ci'));
    if (onPullRequest) expect(at('actions/download-artifact')).toBeGreaterThan(at('npm ci'));
    expect(job.environment).toBeTruthy();
  });
});

test('No workflow runs with the rights of main for what others send', () => {
  const events = Object.values(workflows).flatMap(({ on }) => Object.keys(on));
  expect(new Set(events)).toEqual(new Set(['push', 'pull_request', 'workflow_dispatch']));
});

describe('zizmor', () => {
  let zizmor: Awaited<ReturnType<typeof pythonTool>>;
  beforeAll(async () => {
    zizmor = await pythonTool('zizmor');
  }, INSTALL_TIMEOUT);

  test('finds nothing in .github, however small', async ({ skip }) => {
    if ('missing' in zizmor) return skip(zizmor.missing);
    const options = { cwd: `${import.meta.dirname}/../..` };
    const result: ToolResult = await zizmor.tool(['--offline', '--no-progress', '--pedantic', '.github'], options);
    expect(result.stdout).toContain('No findings to report');
    expect(result.exitCode).toBe(0);
  });
});
