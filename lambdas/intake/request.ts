import type { LambdaFunctionURLEvent } from 'aws-lambda';

/** A request as it was sent. The names of its headers are in lower case. */
export type IntakeRequest = {
  method: string;
  path: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
};

/** Reads the request of a function URL, which encodes bodies that are no text in Base64: what was signed is their bytes. */
export const readRequest = ({
  requestContext,
  rawPath,
  headers,
  body = '',
  isBase64Encoded,
}: LambdaFunctionURLEvent): IntakeRequest => ({
  method: requestContext.http.method,
  path: rawPath,
  headers,
  body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
});
