import { type ApiCall, type ApiResponse, type Json, success } from './protocol.ts';

/** A batch call without the entries that the server does not get to see. */
export type Withheld = {
  /** The number of withheld entries. */
  count: number;
  /** The call with the remaining entries; `undefined` if none is left. */
  rest: ApiCall | undefined;
  /** Adds the failures of the withheld entries to the server's response to the rest. */
  merge(answer: ApiResponse): ApiResponse;
};

const REASON = 'Withheld by the fault proxy';

/** Withholds the entries of a batch call for which `fails` is true; `undefined` if the call is no batch. */
export function withholdEntries(call: ApiCall, fails: (index: number) => boolean): Withheld | undefined {
  switch (call.operation) {
    case 'PutEvents':
      return aligned(call, 'Entries', 'Entries', fails, { ErrorCode: 'ThrottlingException', ErrorMessage: REASON });
    case 'BatchExecuteStatement':
      return aligned(call, 'Statements', 'Responses', fails, { Error: { Code: 'ThrottlingError', Message: REASON } });
    case 'SendMessageBatch':
    case 'DeleteMessageBatch':
    case 'ChangeMessageVisibilityBatch':
      return named(call, fails);
    case 'BatchGetItem':
      return keys(call, fails);
    case 'PublishBatch':
      return published(call, fails);
    default:
      return undefined;
  }
}

/** Batches whose response lists a result per entry, in the same order. */
function aligned(
  call: ApiCall,
  field: string,
  results: string,
  fails: (index: number) => boolean,
  failure: Json,
): Withheld {
  const entries = call.body[field] as unknown[];
  const lost = entries.map((_, index) => fails(index));
  const left = entries.filter((_, index) => !lost[index]);
  return {
    count: entries.length - left.length,
    rest: left.length === 0 ? undefined : { ...call, body: { ...call.body, [field]: left } },
    merge(answer) {
      if (answer.status !== 200) return answer;
      const body = JSON.parse(answer.body || '{}') as Json;
      const given = [...((body[results] as unknown[] | undefined) ?? [])];
      const merged = lost.map((withheld) => (withheld ? failure : given.shift()));
      const counted = call.operation === 'PutEvents' ? { FailedEntryCount: lost.filter(Boolean).length } : {};
      return success(call, { ...body, ...counted, [results]: merged });
    },
  };
}

/** SQS batches, whose results refer to entries by id. */
function named(call: ApiCall, fails: (index: number) => boolean): Withheld {
  const entries = call.body.Entries as { Id: string }[];
  const lost = entries.filter((_, index) => fails(index));
  const left = entries.filter((entry) => !lost.includes(entry));
  return {
    count: lost.length,
    rest: left.length === 0 ? undefined : { ...call, body: { ...call.body, Entries: left } },
    merge(answer) {
      if (answer.status !== 200) return answer;
      const { Successful = [], Failed = [] } = JSON.parse(answer.body || '{}') as Json;
      const failed = lost.map(({ Id }) => ({ Id, Code: 'ServiceUnavailable', Message: REASON, SenderFault: false }));
      return success(call, { Successful, Failed: [...Failed, ...failed] });
    },
  };
}

function keys(call: ApiCall, fails: (index: number) => boolean): Withheld {
  const asked: Json = {};
  const unprocessed: Json = {};
  let index = 0;
  let count = 0;
  for (const [table, request] of Object.entries(call.body.RequestItems as Record<string, Json>)) {
    const lost = (request.Keys as unknown[]).map(() => fails(index++));
    const part = (withheld: boolean) => (request.Keys as unknown[]).filter((_, at) => lost[at] === withheld);
    count += part(true).length;
    if (part(false).length > 0) asked[table] = { ...request, Keys: part(false) };
    if (part(true).length > 0) unprocessed[table] = { ...request, Keys: part(true) };
  }
  const none = Object.keys(asked).length === 0;
  return {
    count,
    rest: none ? undefined : { ...call, body: { ...call.body, RequestItems: asked } },
    merge(answer) {
      if (answer.status !== 200) return answer;
      const { Responses = {}, ...more } = JSON.parse(answer.body || '{}') as Json;
      return success(call, { ...more, Responses, UnprocessedKeys: unprocessed });
    },
  };
}

const MEMBER = /^PublishBatchRequestEntries\.member\.(\d+)\.(.+)$/;

/** SNS batches, whose entries are numbered fields of a form, and whose responses are XML. */
function published(call: ApiCall, fails: (index: number) => boolean): Withheld {
  const fields = [...call.query].map(([name, value]) => {
    const [, number, field = ''] = MEMBER.exec(name) ?? [];
    return { name, value, number, field };
  });
  const ids = fields.filter(({ field }) => field === 'Id');
  const lost = new Map(
    ids.filter(({ number }) => fails(Number(number) - 1)).map(({ number, value }) => [number, value]),
  );
  const left = ids.map(({ number }) => number).filter((number) => !lost.has(number));
  const query = new URLSearchParams(
    fields
      .filter(({ number }) => number === undefined || left.includes(number))
      .map(({ name, value, number, field }): [string, string] => [
        number === undefined ? name : `PublishBatchRequestEntries.member.${left.indexOf(number) + 1}.${field}`,
        value,
      ]),
  );
  const failed = [...lost.values()]
    .map(
      (id) =>
        `<member><Id>${id}</Id><Code>InternalError</Code><Message>${REASON}</Message><SenderFault>false</SenderFault></member>`,
    )
    .join('');
  return {
    count: lost.size,
    rest: left.length === 0 ? undefined : { ...call, query },
    merge(answer) {
      if (answer.status !== 200) return answer;
      const empty =
        '<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful/><Failed></Failed></PublishBatchResult></PublishBatchResponse>';
      const body = (answer.body || empty)
        .replace('<Failed/>', '<Failed></Failed>')
        .replace('</Failed>', `${failed}</Failed>`);
      return { status: 200, type: 'text/xml', body };
    },
  };
}
