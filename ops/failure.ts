import { Interrupted } from './interruption.ts';

/** Ends the command with one sentence on standard error; `DEBUG=1` adds where it came from. */
export function fail(error: unknown): void {
  process.exitCode = error instanceof Interrupted ? 130 : 1;
  if (process.env.DEBUG) console.error(error);
  else if (!(error instanceof Interrupted)) console.error(sentence(error));
}

/** Takes whatever was thrown and gives what a person can do with it. */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return `Something failed without a reason: ${String(error)}`;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') {
    return 'The engine stopped answering while the command ran: start it with `npm start` and try again.';
  }
  if (['ExpiredToken', 'ExpiredTokenException', 'CredentialsProviderError'].includes(error.name)) {
    return `AWS does not accept the credentials (${error.message}): sign in again, or set AWS_PROFILE.`;
  }
  if (['AccessDenied', 'AccessDeniedException', 'AuthorizationErrorException'].includes(error.name)) {
    return `AWS does not allow this: ${error.message}`;
  }
  return error.message || error.name;
}
