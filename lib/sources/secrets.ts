// Secrets, read where they stand: in the environment, in a file, or by what the home gives for the rest.

import { readFile } from 'node:fs/promises';
import { parseReference } from '../core/records/secret-reference.ts';
import { PortError } from '../ports/errors.ts';
import type { SecretReader } from '../ports/secrets.ts';

export interface SecretReaderOptions {
  /** The environment; without it nothing is read there. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Whether files are read. */
  files?: boolean;
  /** Secrets Manager: the text of a secret, by its ARN or name. */
  managed?: (id: string, signal?: AbortSignal) => Promise<string>;
}

const FILE_BYTES_MAX = 64 * 1024;

export function createSecretReader({ env, files = false, managed }: SecretReaderOptions): SecretReader {
  const find = async (reference: string, signal?: AbortSignal): Promise<string | undefined> => {
    const parsed = parseReference(reference);
    // What it is may be the secret itself.
    if (parsed === undefined) throw new PortError('denied', 'what was given is no reference to a secret');
    if (parsed.from === 'env') {
      if (env === undefined) throw elsewhere(reference, 'the environment');
      return env[parsed.name];
    }
    if (parsed.from === 'file') {
      if (!files) throw elsewhere(reference, 'files');
      try {
        return (await readFile(parsed.path, 'utf8')).slice(0, FILE_BYTES_MAX);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        throw new PortError('denied', `${reference} cannot be read (${code})`, { cause });
      }
    }
    if (managed === undefined) throw elsewhere(reference, 'Secrets Manager');
    const text = await managed(parsed.id, signal);
    return parsed.member === undefined ? text : memberOf(reference, text, parsed.member);
  };
  return {
    async read(reference, signal) {
      const text = (await find(reference, signal))?.trimEnd();
      if (text === undefined || text === '')
        throw new PortError('not_found', `there is no secret at ${reference}`);
      return text;
    },
  };
}

function elsewhere(reference: string, where: string): PortError {
  return new PortError('denied', `${reference}: secrets are not read from ${where} here`);
}

function memberOf(reference: string, text: string, member: string): string | undefined {
  try {
    const value = (JSON.parse(text) as Record<string, unknown>)[member];
    return typeof value === 'string' ? value : undefined;
  } catch {
    // Its text would be in the message of the parser.
    throw new PortError('integrity', `${reference} is not JSON, and a member of it was asked for`);
  }
}
