/** The work was ended by Ctrl-C or by a signal of the system. */
export class InterruptedError extends Error {
  override name = 'InterruptedError';
}

/** Describes an error in one sentence that says what to do about it, where that is known. */
export function toUserMessage(error: unknown): string {
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
