// An object of S3 as a state, or the JSON objects under a prefix as one.

import { addAbortSignal, type Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Source } from '../../core/records/source.ts';
import { wordOfSource } from '../../core/records/source-words.ts';
import { PortError } from '../../ports/errors.ts';
import type { GivenState, RestoreOptions, RestorePlan, Source } from '../../ports/source.ts';
import { hashOfJson } from '../kit/atomic-file.ts';
import { sourceOfMany, TEXT_BYTES_MAX } from '../kit/many.ts';
import { wanted } from '../kit/wanted.ts';
import { faultOf, PATIENCE } from './faults.ts';

export function openS3(spec: S3Source): Source {
  const { bucket: Bucket, key, prefix = '', region, endpoint } = spec;
  const client = new S3Client({
    ...PATIENCE,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    // An emulator has no host name for each bucket.
    forcePathStyle: (endpoint ?? process.env.AWS_ENDPOINT_URL) !== undefined,
    followRegionRedirects: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const word = wordOfSource(spec);

  async function call<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw faultOf(what, error, signal);
    }
  }

  async function get(
    Key: string,
    signal: AbortSignal,
    IfNoneMatch?: string,
  ): Promise<GetObjectCommandOutput> {
    const found = await call(`s3://${Bucket}/${Key}`, signal, () =>
      client.send(
        new GetObjectCommand({ Bucket, Key, ...(IfNoneMatch === undefined ? {} : { IfNoneMatch }) }),
        { abortSignal: signal },
      ),
    );
    // The SDK lets go of the signal once there is an answer. A body that nobody has begun to take has nobody who hears that it broke off, and
    // that would end the process; whoever takes it is told nevertheless.
    const body = found.Body as unknown as Readable;
    addAbortSignal(
      signal,
      body.on('error', () => undefined),
    );
    return found;
  }

  async function* bytesOf(
    { Body, ContentEncoding }: GetObjectCommandOutput,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (ContentEncoding !== undefined && ContentEncoding !== '' && ContentEncoding !== 'aws-chunked')
      throw new PortError('integrity', `${word} is stored as ${ContentEncoding}, and not as JSON`);
    try {
      yield* Body as unknown as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw faultOf(word, error, signal);
    }
  }

  async function put(
    Key: string,
    text: Uint8Array,
    signal: AbortSignal,
    condition: { IfMatch?: string; IfNoneMatch?: string } = {},
  ): Promise<void> {
    await call(`s3://${Bucket}/${Key}`, signal, () =>
      client.send(
        new PutObjectCommand({ Bucket, Key, Body: text, ContentType: 'application/json', ...condition }),
        { abortSignal: signal },
      ),
    );
  }

  if (key === undefined) {
    return sourceOfMany({
      word,
      shown: (name) => `s3://${Bucket}/${prefix}${name}`,
      async list(signal) {
        const names: string[] = [];
        let others = 0;
        let token: string | undefined;
        do {
          const page = await call(word, signal, () =>
            client.send(
              new ListObjectsV2Command({
                Bucket,
                Prefix: prefix,
                ...(token === undefined ? {} : { ContinuationToken: token }),
              }),
              { abortSignal: signal },
            ),
          );
          for (const { Key = '' } of page.Contents ?? []) {
            if (Key.endsWith('.json')) names.push(Key.slice(prefix.length));
            else others++;
          }
          token = page.NextContinuationToken;
        } while (token !== undefined);
        names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        return {
          names,
          warnings: others > 0 ? [`${others} objects are left out: their names do not end with .json`] : [],
        };
      },
      async get(name, signal) {
        const found = await get(`${prefix}${name}`, signal);
        if ((found.ContentLength ?? 0) > TEXT_BYTES_MAX)
          throw new PortError('denied', `${name} has more than ${TEXT_BYTES_MAX} bytes`);
        return collected(bytesOf(found, signal));
      },
      put: (name, text, signal) => put(`${prefix}${name}`, text, signal),
      async remove(name, signal) {
        await call(word, signal, () =>
          client.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}${name}` }), { abortSignal: signal }),
        );
      },
      demandName(name) {
        if (!name.endsWith('.json')) throw new PortError('conflict', `${name} is no name of a JSON object`);
      },
    });
  }

  /** What is there, and by which tag; undefined if nothing is. */
  async function now(signal: AbortSignal): Promise<{ hash: string; etag: string | undefined } | undefined> {
    try {
      const found = await get(key!, signal);
      return { hash: await hashOfJson(bytesOf(found, signal)), etag: found.ETag };
    } catch (error) {
      if (error instanceof PortError && error.reason === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async function look(state: GivenState, { path, modes }: RestoreOptions, signal: AbortSignal) {
    const target = await hashOfJson(wanted(state, path));
    const found = await now(signal);
    const isSame = found?.hash === target;
    const insert = found === undefined && modes.create ? 1 : 0;
    const update = found !== undefined && !isSame && modes.update ? 1 : 0;
    const plan: RestorePlan = {
      parts: [{ name: word, insert, update, delete: 0, same: isSame ? 1 : 0 }],
      missing: [],
      warnings: [],
      isExact: isSame || insert + update > 0,
    };
    return { plan, found, isIdle: insert + update === 0 };
  }

  return {
    async check(signal) {
      const { ContentLength, VersionId, LastModified } = await call(word, signal, () =>
        client.send(new HeadObjectCommand({ Bucket, Key: key }), { abortSignal: signal }),
      );
      const version = VersionId === undefined ? '' : `, version ${VersionId}`;
      return {
        detail: `${word}, ${ContentLength} bytes, written ${LastModified?.toISOString()}${version}`,
        warnings: [],
      };
    },
    async read(signal, knownMark) {
      try {
        const found = await get(key, signal, knownMark);
        return {
          chunks: bytesOf(found, signal),
          warnings: [],
          ...(found.ETag === undefined ? {} : { mark: found.ETag }),
        };
      } catch (error) {
        const status = (error as { cause?: { $metadata?: { httpStatusCode?: number } } }).cause?.$metadata
          ?.httpStatusCode;
        if (knownMark !== undefined && status === 304) return 'unchanged';
        throw error;
      }
    },
    target: {
      plan: async (state, options, signal) => (await look(state, options, signal)).plan,
      async restore(state, options, signal) {
        const { plan, found, isIdle } = await look(state, options, signal);
        if (isIdle) return plan;
        const text = await collected(wanted(state, options.path));
        // Whoever has written since is not written over.
        const condition =
          found === undefined
            ? { IfNoneMatch: '*' }
            : found.etag === undefined
              ? {}
              : { IfMatch: found.etag };
        await put(key, text, signal, condition);
        const isSame = (await look(state, options, signal)).plan.parts[0]!.same === 1;
        return { parts: plan.parts, warnings: [], isExact: isSame };
      },
    },
  };
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
