import { configureGlobal } from 'fast-check';

/** Runs the same cases every time, so that a failure is caused by the change; `FC_SEED=<number>` explores others. */
configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
