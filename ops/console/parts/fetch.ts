/** What the server answered instead of a result, in its own sentence. `status` 0: it did not answer. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads a document of the server; throws `ApiError`. */
export const getJson = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  request<T>(path, signal === undefined ? {} : { signal });

/** Has the server do something; throws `ApiError`. */
export const postJson = <T>(path: string, body: object = {}): Promise<T> =>
  request<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

/** One page of a list, and the address of the next one. */
export type ListPage<T> = { rows: T[]; next: string | undefined };

/** Reads a list and the address of its next page, which the server names in the header `Link`. */
export async function getPage<T>(path: string): Promise<ListPage<T>> {
  const response = await send(path, {});
  const [, next] = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('Link') ?? '') ?? [];
  return { rows: (await response.json()) as T[], next };
}

const request = async <T>(path: string, init: RequestInit): Promise<T> => (await (await send(path, init)).json()) as T;

async function send(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The console does not answer.');
  });
  if (response.ok) return response;
  const answer: { error?: string } = await response.json().catch(() => ({}));
  throw new ApiError(response.status, answer.error ?? `The console answered ${response.status}.`);
}
