import { Readable } from 'node:stream';
import { SNSClient } from '@aws-sdk/client-sns';
import { vi } from 'vitest';

/** A request that an SDK client of this process made; `action` is such as `DescribeStacks`. */
export type SentRequest = { host: string; action: string; body: string; accessKeyId: string | undefined };

/** What AWS answers an action with: a JSON document, or the inside of `<…Result>` in XML. */
export type Answer = object | string | ((request: SentRequest) => object | string);

type HttpRequest = {
  hostname: string;
  port?: number;
  headers: Record<string, string>;
  body?: string | Uint8Array;
};

/**
 * Stands in for AWS at all its addresses, and for everything else: what any SDK client of this process sends is recorded and answered here, and
 * leaves nowhere. An action without an answer is refused. `vi.restoreAllMocks()` ends it.
 */
export function standInForAws(answers: Readonly<Record<string, Answer>> = {}): { requests: SentRequest[] } {
  const requests: SentRequest[] = [];
  // Every client has the same kind of request handler: below it there is only the network.
  vi.spyOn(handlerPrototype(), 'handle').mockImplementation(async (http: HttpRequest) => {
    const request = toSentRequest(http);
    requests.push(request);
    const answer = answers[request.action];
    return { response: toResponse(request.action, typeof answer === 'function' ? answer(request) : answer) };
  });
  return { requests };
}

const handlerPrototype = (): { handle(request: HttpRequest): Promise<unknown> } =>
  new SNSClient({ region: 'us-east-1' }).config.requestHandler.constructor.prototype;

function toSentRequest({ hostname, port, headers, body = '' }: HttpRequest): SentRequest {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-amz-target')?.[1];
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return {
    host: port === undefined ? hostname : `${hostname}:${port}`,
    action: named?.split('.').at(-1) ?? new URLSearchParams(text).get('Action') ?? 'unknown',
    body: text,
    accessKeyId: /Credential=(\w+)\//.exec(authorization ?? '')?.[1],
  };
}

function toResponse(action: string, answer: object | string | undefined) {
  const [statusCode, text] =
    answer === undefined
      ? [400, refusal(action)]
      : [200, typeof answer === 'string' ? xml(action, answer) : JSON.stringify(answer)];
  return { statusCode, reason: '', headers: {}, body: Readable.from([Buffer.from(text)]) };
}

const xml = (action: string, result: string) =>
  `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;

const refusal = (action: string) =>
  `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not allowed: ${action}</Message></Error></ErrorResponse>`;
