import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Orders the files of the deployed suite so that the engines take turns: two workers then keep two engines at work. */
export class AlternateEngines extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isDeployed = ({ project }: TestSpecification) => /^(localstack|ministack)/.test(project.name);
    // LocalStack, the slower one, first.
    const engines = [...new Set(sorted.filter(isDeployed).map(({ project }) => project.name))].sort();
    const queues = engines.map((name) => sorted.filter(({ project }) => project.name === name));
    const longest = Math.max(0, ...queues.map(({ length }) => length));
    const alternating = Array.from({ length: longest }, (_, index) => queues.map((queue) => queue[index])).flat();
    return [...sorted.filter((file) => !isDeployed(file)), ...alternating.filter((file) => file !== undefined)];
  }
}
