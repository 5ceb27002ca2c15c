import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
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
  /** Runs before an object is put or deleted. */
  beforeChange: (change: string) => void = () => {};

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
      if (command instanceof DeleteObjectCommand) return this.delete(command);
      throw new Error('This bucket knows no such call');
    };
    return { client: { send } as Archive['client'], bucket: 'archive', signal };
  }

  private put({ input: { Key = '', Body, Tagging = '' } }: PutObjectCommand) {
    this.beforeChange(`put ${Key}`);
    this.objects.set(Key, Body as Uint8Array);
    this.tags.set(Key, Tagging);
    return {};
  }

  private delete({ input: { Key = '' } }: DeleteObjectCommand) {
    this.beforeChange(`delete ${Key}`);
    this.objects.delete(Key);
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
    if (content === undefined) throw new NoSuchKey({ message: 'It is gone', $metadata: {} });
    return { Body: { transformToByteArray: async () => content } };
  }
}
