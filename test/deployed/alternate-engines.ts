import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Orders the files of the deployed suite and of the console so that the engines take turns: the workers then keep all of them at work. */
export class AlternateEngines extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const usesEngine = ({ project }: TestSpecification) => /^(console|localstack|ministack)/.test(project.name);
    // LocalStack, the slowest one, before MiniStack.
    const engines = [...new Set(sorted.filter(usesEngine).map(({ project }) => project.name))].sort();
    const queues = engines.map((name) => sorted.filter(({ project }) => project.name === name));
    const longest = Math.max(0, ...queues.map(({ length }) => length));
    const alternating = Array.from({ length: longest }, (_, index) => queues.map((queue) => queue[index])).flat();
    return [...sorted.filter((file) => !usesEngine(file)), ...alternating.filter((file) => file !== undefined)];
  }
}
