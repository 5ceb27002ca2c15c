import { type Answer, type Call, type Json, ok } from './protocol.ts';

/** What is left of a batch when some entries are withheld from the server: nothing to send, or how to merge its answer. */
export type Withheld = {
  /** How many entries the server does not get to see. */
  count: number;
  /** The call with the other entries; `undefined` where none is left. */
  rest: Call | undefined;
  /** Takes the server's answer to the rest and gives the answer to the whole. */
  merge(answer: Answer): Answer;
};

const REASON = 'Withheld by the fault proxy';

/** Takes a batch call and which of its entries shall fail and withholds those; `undefined` where the call is no batch. */
export function withhold(call: Call, fails: (index: number) => boolean): Withheld | undefined {
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

/** Batches whose answer lists a result per entry, in the same sequence. */
function aligned(
  call: Call,
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
      return ok(call, { ...body, ...counted, [results]: merged });
    },
  };
}

/** SQS batches: results are found by the entry's own id. */
function named(call: Call, fails: (index: number) => boolean): Withheld {
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
      return ok(call, { Successful, Failed: [...Failed, ...failed] });
    },
  };
}

function keys(call: Call, fails: (index: number) => boolean): Withheld {
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
      return ok(call, { ...more, Responses, UnprocessedKeys: unprocessed });
    },
  };
}

const MEMBER = /^PublishBatchRequestEntries\.member\.(\d+)\.(.+)$/;

/** SNS still speaks XML: the entries are numbered fields of a form. */
function published(call: Call, fails: (index: number) => boolean): Withheld {
  const lost = new Map<string, string>();
  const left = new Set<string>();
  const query = new URLSearchParams();
  for (const [name, value] of call.query) {
    const [, number = '', field = ''] = MEMBER.exec(name) ?? [];
    if (number === '') query.append(name, value);
    else {
      if (field === 'Id' && fails(Number(number) - 1)) lost.set(number, value);
      if (field === 'Id' && !lost.has(number)) left.add(number);
    }
  }
  for (const [name, value] of call.query) {
    const [, number = '', field = ''] = MEMBER.exec(name) ?? [];
    if (!left.has(number)) continue;
    query.append(`PublishBatchRequestEntries.member.${[...left].indexOf(number) + 1}.${field}`, value);
  }
  const failed = [...lost.values()]
    .map(
      (id) =>
        `<member><Id>${id}</Id><Code>InternalError</Code><Message>${REASON}</Message><SenderFault>false</SenderFault></member>`,
    )
    .join('');
  return {
    count: lost.size,
    rest: left.size === 0 ? undefined : { ...call, query },
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
