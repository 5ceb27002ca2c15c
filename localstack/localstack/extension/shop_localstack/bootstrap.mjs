// Loads one Lambda function and runs its invocations: a line of JSON on standard input each, the answers as lines of
// JSON on the descriptor given as argument. Standard input closing means that LocalStack is gone.
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { LAMBDA_TASK_ROOT: root, _HANDLER: name, AWS_LAMBDA_FUNCTION_NAME: functionName } = process.env;

const answers = Number(process.argv[2]);

function answer(message) {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(answers, bytes, written);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function described(error) {
  const known = error instanceof Error;
  return {
    errorType: known ? error.name : typeof error,
    errorMessage: known ? error.message : String(error),
    trace: known ? (error.stack ?? '').split('\n') : [],
  };
}

function fail(kind, error, alive) {
  console.error(`ERROR\t${kind} `, error);
  answer({ error: described(error), alive });
}

// What nobody caught ends an execution environment, on AWS too.
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    fail(event, error, false);
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
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
    invokedFunctionArn: invocation['invoked-function-arn'],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}

async function invoke(handler, line) {
  const invocation = JSON.parse(line);
  process.env._X_AMZN_TRACE_ID = invocation['trace-id'];
  try {
    const result = await handler(JSON.parse(invocation.payload || '{}'), context(invocation));
    answer({ payload: JSON.stringify(result ?? null), alive: true });
  } catch (error) {
    fail('Invoke Error', error, true);
  }
}

try {
  const handler = await load();
  answer({ alive: true });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => invoke(handler, line));
  lines.on('close', () => process.exit());
} catch (error) {
  fail('Init Error', error, false);
  process.exit(1);
}
