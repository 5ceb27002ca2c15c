import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type CdkOptions, cdk } from '../cdk.ts';
import { parseTemplate, type Template } from './template.ts';

/** What CDK synthesised: one stack with its template and its files. */
export type Assembly = { folder: string; stackName: string; template: Template };

/** Which stack to synthesise; `context` overrides settings of the stage's file. */
export type SynthesisInput = { stage: string; context: Readonly<Record<string, string>> };

/** Synthesises the stack of a stage into a folder; that takes no account and no engine. */
export async function synthesize(
  { stage, context }: SynthesisInput,
  folder: string,
  options: CdkOptions,
): Promise<Assembly> {
  const values = Object.entries({ stage, ...context }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  await cdk(undefined, ['synth', '--quiet', ...values, '--output', folder], options);
  return readAssembly(folder);
}

/** Reads a synthesised assembly as data; throws a sentence if it is none, or has more than one stack. */
export async function readAssembly(folder: string): Promise<Assembly> {
  const stacks = Object.entries(await readArtifacts(folder)).filter(
    ([, { type }]) => type === 'aws:cloudformation:stack',
  );
  const [stack, ...others] = stacks;
  if (stack === undefined || others.length > 0) {
    throw new Error(
      `${folder} holds ${stacks.length} stacks, and a deployment is of one: synthesise it with \`npx cdk synth\`.`,
    );
  }
  const [artifact, { properties: { templateFile = '', stackName = artifact } = {} }] = stack;
  // The assembly may come from elsewhere: it names a file of its own folder.
  const file = join(folder, basename(templateFile));
  return { folder, stackName, template: parseTemplate(await readText(file), file) };
}

type Artifacts = Record<string, { type?: string; properties?: { templateFile?: string; stackName?: string } }>;

async function readArtifacts(folder: string): Promise<Artifacts> {
  const file = join(folder, 'manifest.json');
  const { artifacts = {} }: { artifacts?: Artifacts } = JSON.parse(await readText(file));
  return artifacts;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read: an assembly is a folder that \`npx cdk synth --output <folder>\` wrote.`, {
      cause: error,
    });
  }
}
