import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { tryParse } from '../contracts/parse.ts';
import type { AwsTarget } from './aws-target.ts';

/** The answer of a function URL; `body` is undefined where it is no JSON. */
export type UrlAnswer = { status: number; headers: IncomingMessage['headers']; body: unknown };

const TIMEOUT_MS = 35_000;

/**
 * Sends a request to a function URL. An engine's name may not resolve, or is one of AWS: its requests go to the engine's endpoint, which
 * tells them by the host that they name (Node's `fetch` does not let that be chosen).
 */
export async function requestFunctionUrl(
  { local, where }: Pick<AwsTarget, 'local' | 'where'>,
  url: string,
  {
    method = 'POST',
    headers = {},
    body = '',
  }: { method?: string; headers?: Readonly<Record<string, string>>; body?: string | Buffer } = {},
): Promise<UrlAnswer> {
  // LocalStack's ends in an address, `….lambda-url.us-east-1.127.0.0.1:4566`, which `URL` refuses as a name.
  const [, host = '', path = '/'] = /^https?:\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
  const target = new URL(local ? `${where}${path}` : url);
  const send = target.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(target, { method, headers: { ...headers, host }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  request.end(body);
  const [answer]: IncomingMessage[] = await once(request, 'response');
  if (answer === undefined) throw new Error(`${url} did not answer.`);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: tryParse(await text(answer)) };
}
