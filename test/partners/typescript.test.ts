import { testReader } from './reader-tests.ts';

await testReader({ language: 'TypeScript', partner: 'typescript' });
