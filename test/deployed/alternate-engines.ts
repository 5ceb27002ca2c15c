import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Orders the files of the deployed suite so that the engines take turns: two workers then keep both engines at work. */
export class AlternateEngines extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const [ministack, localstack] = ['ministack', 'localstack'].map((name) =>
      sorted.filter(({ project }) => project.name === name),
    );
    const others = sorted.filter(({ project }) => project.name !== 'ministack' && project.name !== 'localstack');
    const count = Math.max(ministack?.length ?? 0, localstack?.length ?? 0);
    // LocalStack is the slower one.
    const alternating = Array.from({ length: count }, (_, index) => [localstack?.[index], ministack?.[index]]).flat();
    return [...others, ...alternating.filter((file) => file !== undefined)];
  }
}
