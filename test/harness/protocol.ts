import type { IncomingHttpHeaders } from 'node:http';

/** The services whose calls the proxy understands; everything else passes untouched. */
export type Service = 'dynamodb' | 'sqs' | 'events' | 'sns' | 'other';

/** A request or response body of a JSON protocol. */
// biome-ignore lint/suspicious/noExplicitAny: these are other people's documents, taken apart field by field
export type Json = Record<string, any>;

/** One call of an AWS API as it was sent. */
export type ApiCall = {
  /** The name that the caller's endpoint was opened under. */
  caller: string;
  service: Service;
  operation: string;
  /** The parsed body of a JSON protocol. */
  body: Json;
  /** The parsed body of SNS, which still speaks the query protocol. */
  query: URLSearchParams;
};

/** A response as it goes over the wire. */
export type ApiResponse = { status: number; type: string; body: string };

// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html: the target names the service's version and the operation.
const TARGETS: Record<string, Service> = { DynamoDB_20120810: 'dynamodb', AmazonSQS: 'sqs', AWSEvents: 'events' };
const JSON_TYPE: Partial<Record<Service, string>> = { events: 'application/x-amz-json-1.1' };

/** Parses an HTTP request to an AWS API. */
export function parseCall(caller: string, headers: IncomingHttpHeaders, body: string): ApiCall {
  const [prefix = '', target = ''] = String(headers['x-amz-target'] ?? '').split('.');
  const service = TARGETS[prefix];
  if (service !== undefined) {
    return { caller, service, operation: target, body: JSON.parse(body) as Json, query: new URLSearchParams() };
  }
  const form = String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const query = new URLSearchParams(form ? body : '');
  const sns = query.get('Version') === '2010-03-31';
  return { caller, service: sns ? 'sns' : 'other', operation: query.get('Action') ?? '', body: {}, query };
}

/** Serializes a call as a request body. */
export function serializeCall({ service, body, query }: ApiCall): string {
  return service === 'sns' ? query.toString() : JSON.stringify(body);
}

/** Builds the response of a service that executed a JSON call. */
export function success({ service }: ApiCall, body: Json): ApiResponse {
  return { status: 200, type: JSON_TYPE[service] ?? 'application/x-amz-json-1.0', body: JSON.stringify(body) };
}

/** Builds an error response in the service's protocol; `more` are further fields of a JSON error. */
export function errorResponse(
  call: ApiCall,
  status: number,
  code: string,
  message: string,
  more: Json = {},
): ApiResponse {
  if (call.service === 'sns') {
    const kind = status < 500 ? 'Sender' : 'Receiver';
    const error = `<Error><Type>${kind}</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
    const body = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${error}<RequestId>faults</RequestId></ErrorResponse>`;
    return { status, type: 'text/xml', body };
  }
  const shapes: Partial<Record<Service, string>> = {
    dynamodb: 'com.amazonaws.dynamodb.v20120810#',
    sqs: 'com.amazonaws.sqs#',
  };
  const answer = success(call, { __type: `${shapes[call.service] ?? ''}${code}`, message, Message: message, ...more });
  return { ...answer, status };
}

/** Builds the service's throttling error, which the SDK retries. */
export function throttlingError(call: ApiCall): ApiResponse {
  const codes: Partial<Record<Service, string>> = {
    dynamodb:
      call.operation === 'BatchExecuteStatement' ? 'ThrottlingException' : 'ProvisionedThroughputExceededException',
    sqs: 'RequestThrottled',
    sns: 'Throttling',
  };
  return errorResponse(call, 400, codes[call.service] ?? 'ThrottlingException', 'Rate exceeded');
}

/** Builds DynamoDB's error for a conflict with another transaction; `undefined` for calls that cannot get it. */
export function conflictError(call: ApiCall): ApiResponse | undefined {
  const why = { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' };
  if (call.operation === 'TransactWriteItems') {
    const reasons = (call.body.TransactItems as unknown[]).map((_, index) => (index === 0 ? why : { Code: 'None' }));
    const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`;
    return errorResponse(call, 400, 'TransactionCanceledException', message, { CancellationReasons: reasons });
  }
  if (call.operation === 'BatchExecuteStatement') {
    return success(call, { Responses: (call.body.Statements as unknown[]).map(() => ({ Error: why })) });
  }
  if (['PutItem', 'UpdateItem', 'DeleteItem'].includes(call.operation)) {
    return errorResponse(call, 400, 'TransactionConflictException', why.Message);
  }
  return undefined;
}
