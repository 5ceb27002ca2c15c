import type { IncomingMessage } from 'node:http';

// What AWS is asked is JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** A call of a service, by the prefix of its actions in policies. */
export type AwsCall = { service: string; operation: string; input: Json };

const PREFIXES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Operations that are told apart by method and path, which hold a part of what they are asked. */
const REST: readonly [RegExp, string][] = [
  [/^GET \/2015-03-31\/event-source-mappings$/, 'ListEventSourceMappings'],
  [/^PUT \/2015-03-31\/event-source-mappings\/(?<UUID>[^/]+)$/, 'UpdateEventSourceMapping'],
  [/^GET \/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/configuration$/, 'GetFunctionConfiguration'],
  [/^GET \/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/policy$/, 'GetPolicy'],
  [/^POST \/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/invocations$/, 'Invoke'],
  [/^GET \/(?<Bucket>[^/]+)\/$/, 'ListObjectsV2'],
  [/^GET \/(?<Bucket>[^/]+)\/(?<Key>.+)$/, 'GetObject'],
  [/^PUT \/(?<Bucket>[^/]+)\/(?<Key>.+)$/, 'PutObject'],
  [/^DELETE \/(?<Bucket>[^/]+)\/(?<Key>.+)$/, 'DeleteObject'],
];

/** Reads a call from the request of an SDK; its signature names the service. Throws for one that it does not know. */
export function readCall({ headers, url = '', method = '' }: IncomingMessage, body: string): AwsCall {
  const signer = /Credential=[^/]+\/\d+\/[\w-]+\/([\w-]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
  const service = PREFIXES[signer] ?? signer;
  const target = headers['x-amz-target'];
  if (typeof target === 'string')
    return { service, operation: target.split('.').at(-1) ?? '', input: JSON.parse(body) };
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    const { Action = '', ...input } = Object.fromEntries(new URLSearchParams(body));
    return { service, operation: Action, input };
  }
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const path = `${method} ${decodeURIComponent(pathname)}`;
  const found = REST.find(([pattern]) => pattern.test(path));
  if (found === undefined) throw new Error(`Say in ${import.meta.filename} which operation of ${service} ${path} is`);
  const [pattern, operation] = found;
  const given = headers['content-type'] === 'application/json' ? JSON.parse(body) : {};
  return {
    service,
    operation,
    input: { ...Object.fromEntries(searchParams), ...given, ...pattern.exec(path)?.groups },
  };
}
