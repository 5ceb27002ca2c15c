import { type LambdaClient, UpdateFunctionCodeCommand, waitUntilFunctionUpdatedV2 } from '@aws-sdk/client-lambda';
import { strToU8, type Zippable, zipSync } from 'fflate';
import type { Bundle } from './watch-bundle.ts';

// The same for the same code, and readable by the function's user.
const FILE = { mtime: new Date(2000, 0, 1), os: 3, attrs: 0o644 << 16 };
const MAX_WAIT_SECONDS = 60;

/** Replaces the code of a function; it runs when this returns. */
export async function updateFunctionCode(client: LambdaClient, functionName: string, bundle: Bundle): Promise<void> {
  const files: Zippable = Object.fromEntries(
    Object.entries(bundle).map(([name, text]) => [name, [strToU8(text), FILE]]),
  );
  await client.send(new UpdateFunctionCodeCommand({ FunctionName: functionName, ZipFile: zipSync(files) }));
  await waitUntilFunctionUpdatedV2(
    { client, minDelay: 1, maxWaitTime: MAX_WAIT_SECONDS },
    { FunctionName: functionName },
  );
}
