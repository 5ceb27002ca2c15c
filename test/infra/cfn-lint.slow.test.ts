import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { INSTALL_TIMEOUT, type PythonTool, pythonTool } from '../builders/python-tools.ts';
import { existing, type TemplateJson, templateOf, variants } from '../builders/variants.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
afterAll(() => rmSync(folder, { recursive: true }));

const IGNORED = {
  W3005:
    'CDK lets a function wait for its role and the policy of it; that the role alone would be waited for anyway is harmless.',
};
// Resource types arrive in China late.
const REGIONS = ['us-east-1', 'cn-north-1'];

/** Returns what cfn-lint finds in templates, a line each. */
async function findings(lint: PythonTool, files: readonly string[]): Promise<string[]> {
  const options = ['--format', 'parseable', '--regions', ...REGIONS, '--ignore-checks', ...Object.keys(IGNORED)];
  const { stdout, stderr } = await lint([...options, '--', ...files]);
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

function write(name: string, template: TemplateJson): string {
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.json`);
  writeFileSync(file, JSON.stringify(template));
  return file;
}

describe('cfn-lint', { timeout: INSTALL_TIMEOUT }, () => {
  test('finds nothing in the templates of all variants, and in that of the roles', async ({ skip }) => {
    const installed = await pythonTool('cfn-lint');
    if ('missing' in installed) return skip(`cfn-lint: ${installed.missing}`);
    const files = Object.entries({ ...variants, existing }).map(([name, settings]) =>
      write(name, templateOf(settings)),
    );
    expect(await findings(installed.tool, [...files, join(root, '.github', 'deploy-roles.yaml')])).toEqual([]);
  });

  test('finds a policy that CloudFormation does not know, and a name that is too long', async ({ skip }) => {
    const installed = await pythonTool('cfn-lint');
    if ('missing' in installed) return skip(`cfn-lint: ${installed.missing}`);
    const broken = {
      Resources: {
        Queue: { Type: 'AWS::SQS::Queue', DeletionPolicy: 'RetainExceptOnUpdate', Properties: { QueueName: 1 } },
        Archive: { Type: 'AWS::Events::Archive', Properties: { ArchiveName: 'x'.repeat(49), SourceArn: 'bus' } },
      },
      Outputs: {},
    };
    const found = (await findings(installed.tool, [write('broken', broken)])).join('\n');
    expect(found).toContain('RetainExceptOnUpdate');
    expect(found).toContain('longer than 48');
  });
});
