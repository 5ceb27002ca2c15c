// Loads one Lambda function and runs its invocations. Each is a line of JSON on standard input; each result is a line of JSON on
// the file descriptor given as argument. Exits when standard input closes, because LocalStack is gone then.
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { LAMBDA_TASK_ROOT: root, _HANDLER: name, AWS_LAMBDA_FUNCTION_NAME: functionName } = process.env;

const resultsDescriptor = Number(process.argv[2]);
// The request that is being handled; one at a time.
let current;

function sendResult(message) {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(resultsDescriptor, bytes, written);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function describe(error) {
  const isError = error instanceof Error;
  return {
    errorType: isError ? error.name : typeof error,
    errorMessage: isError ? error.message : String(error),
    trace: isError ? (error.stack ?? '').split('\n') : [],
  };
}

// Writes the line that Lambda's runtime for Node writes; `requestId` is undefined while the function is loaded.
function fail(kind, error, alive, requestId) {
  const { trace: stack, ...described } = describe(error);
  const line = JSON.stringify({ ...described, stack });
  console.error(`${new Date().toISOString()}\t${requestId}\tERROR\t${kind} \t${line}`);
  sendResult({ error: describe(error), alive });
}

// An uncaught error ends the execution environment, as on AWS.
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    fail(event === 'uncaughtException' ? 'Uncaught Exception' : 'Unhandled Promise Rejection', error, false, current);
    process.exit(1);
  });
}

async function load() {
  const dot = name.lastIndexOf('.');
  const path = join(root, name.slice(0, dot));
  const file = ['.js', '.mjs', '.cjs'].map((extension) => path + extension).find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw Object.assign(new Error(`Cannot find module '${path}'`), { name: 'Runtime.ImportModuleError' });
  const module = await import(pathToFileURL(file).href);
  const handler = module[name.slice(dot + 1)] ?? module.default?.[name.slice(dot + 1)];
  if (typeof handler !== 'function') {
    throw Object.assign(new Error(`${name} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  }
  return handler;
}

function context(invocation) {
  return {
    awsRequestId: invocation['invoke-id'],
    callbackWaitsForEmptyEventLoop: false,
    functionName,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    // The deadline has fractions of a millisecond, and the clock here has none: what is left is never more than the timeout.
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(invocation.deadline - Date.now())),
    invokedFunctionArn: invocation['invoked-function-arn'],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}

async function invoke(handler, line) {
  const invocation = JSON.parse(line);
  current = invocation['invoke-id'];
  process.env._X_AMZN_TRACE_ID = invocation['trace-id'];
  try {
    const result = await handler(JSON.parse(invocation.payload || '{}'), context(invocation));
    sendResult({ payload: JSON.stringify(result ?? null), alive: true });
  } catch (error) {
    fail('Invoke Error', error, true, current);
  }
}

try {
  const handler = await load();
  sendResult({ alive: true });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => invoke(handler, line));
  lines.on('close', () => process.exit());
} catch (error) {
  fail('Uncaught Exception', error, false, current);
  process.exit(1);
}
