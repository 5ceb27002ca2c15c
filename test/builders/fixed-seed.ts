import { configureGlobal } from 'fast-check';

/** The same cases in every run, so that a red test is about the change; `FC_SEED=<number>` explores others. */
configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
