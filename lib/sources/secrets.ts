// Secrets, read where they stand: in the environment, in a file, or by what the home gives for the rest.

import { parseReference } from '../core/records/secret-reference.ts';
import { PortError } from '../ports/errors.ts';
import type { SecretReader } from '../ports/secrets.ts';

export interface SecretReaderOptions {
  /** The environment; without it nothing is read there. */
  env?: Readonly<Record<string, string | undefined>>;
  /** The text of the file at a path; without it no files are read. */
  readFile?: (path: string) => Promise<string>;
  /** Secrets Manager: the text of a secret, by its ARN or name. */
  managed?: (id: string, signal?: AbortSignal) => Promise<string>;
}

export function createSecretReader({ env, readFile, managed }: SecretReaderOptions): SecretReader {
  const find = async (reference: string, signal?: AbortSignal): Promise<string | undefined> => {
    const parsed = parseReference(reference);
    // What it is may be the secret itself.
    if (parsed === undefined) throw new PortError('denied', 'what was given is no reference to a secret');
    if (parsed.from === 'env') {
      if (env === undefined) throw elsewhere(reference, 'the environment');
      return env[parsed.name];
    }
    if (parsed.from === 'file') {
      if (readFile === undefined) throw elsewhere(reference, 'files');
      return textOf(reference, () => readFile(parsed.path));
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

/** Undefined if there is none. */
async function textOf(reference: string, read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof PortError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new PortError('denied', `${reference} cannot be read (${code})`, { cause });
  }
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
