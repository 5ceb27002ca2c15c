import { testReader } from './reader-tests.ts';

await testReader({ language: 'Python', partner: 'python' });
