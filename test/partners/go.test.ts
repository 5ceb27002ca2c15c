import { testReader } from './reader-tests.ts';

await testReader({ language: 'Go', partner: 'go' });
