import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { ArchivedMessage } from '../../lambdas/archive/object.ts';
import { toArchiveObjects } from '../../lambdas/archive/object.ts';
import type { Archive } from '../../ops/replay/archive.ts';

const PAGE = 2;

/** A bucket in memory that lists two keys a page, in sequence, as S3 does, and counts the calls. */
export class ArchiveBucket {
  readonly objects = new Map<string, Uint8Array>();
  readonly calls = { list: 0, get: 0 };
  /** Runs after a page was listed. */
  afterList: () => void = () => {};

  /** How objects that were put are tagged. */
  readonly tags = new Map<string, string>();
  /** Runs before an object is put. */
  beforePut: (key: string) => unknown = () => {};

  /** Archives messages as one batch. */
  add(...messages: readonly ArchivedMessage[]): this {
    for (const { key, content } of toArchiveObjects(messages)) this.objects.set(key, content);
    return this;
  }

  /** Returns what reads the bucket. */
  archive(signal?: AbortSignal): Archive {
    const send = async (command: unknown) => {
      if (command instanceof ListObjectsV2Command) return this.list(command);
      if (command instanceof GetObjectCommand) return this.get(command);
      if (command instanceof PutObjectCommand) return this.put(command);
      throw new Error('This bucket knows no such call');
    };
    return { client: { send } as Archive['client'], bucket: 'archive', signal };
  }

  private async put({ input: { Key = '', Body, Tagging = '', IfMatch } }: PutObjectCommand) {
    await this.beforePut(Key);
    const current = this.objects.get(Key);
    if (IfMatch !== undefined && current === undefined) throw gone();
    if (IfMatch !== undefined && current !== undefined && IfMatch !== etagOf(current))
      throw refused('PreconditionFailed');
    this.objects.set(Key, Body as Uint8Array);
    this.tags.set(Key, Tagging);
    return {};
  }

  private list({ input }: ListObjectsV2Command) {
    this.calls.list += 1;
    const after = input.ContinuationToken ?? input.StartAfter ?? '';
    const keys = [...this.objects.keys()].filter((key) => key > after).sort();
    const Contents = keys.slice(0, PAGE).map((Key) => ({ Key }));
    this.afterList();
    return { Contents, ...(keys.length > PAGE ? { NextContinuationToken: Contents.at(-1)?.Key } : {}) };
  }

  private get({ input: { Key = '' } }: GetObjectCommand) {
    this.calls.get += 1;
    const content = this.objects.get(Key);
    if (content === undefined) throw gone();
    return { Body: { transformToByteArray: async () => content }, ETag: etagOf(content) };
  }
}

const etagOf = (content: Uint8Array) => `"${createHash('md5').update(content).digest('hex')}"`;
const gone = () => new NoSuchKey({ message: 'It is gone', $metadata: {} });

/** Builds S3's refusal of a conditional write. */
export const refused = (name: 'PreconditionFailed' | 'ConditionalRequestConflict') =>
  new S3ServiceException({ name, message: 'Refused', $fault: 'client', $metadata: {} });
