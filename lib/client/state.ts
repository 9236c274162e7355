// States as they come back: text or stream, never parsed unless asked, and proven where all of it is there.

import type { Answer } from './contract.ts';
import { BackupError } from './errors.ts';
import { demandChecksum, membersOf } from './text.ts';

/** A state, or the part of it that was asked for, and the operation that gave it. */
export interface Restored {
  operation: Answer<'Operation'>;
  /** JSON, byte for byte. */
  text: string;
}

/** From `{"operation": ..., "data": ...}`: the data as its own text. */
export function restored(answer: string): Restored {
  const { operation, data } = membersOf(answer);
  if (operation === undefined || data === undefined) {
    throw new BackupError('bad_answer', 'The answer has no operation with data');
  }
  return { operation: JSON.parse(operation) as Answer<'Operation'>, text: data };
}

/** The answer to a question for a state. Its body can be taken once. */
export class StateAnswer {
  readonly response: Response;

  constructor(response: Response) {
    this.response = response;
  }

  /** Whether the caller has it already (`ifNoneMatch`): then there is no body. */
  get isUnchanged(): boolean {
    return this.response.status === 304;
  }

  get backupId(): string {
    return this.#header('backup-id');
  }

  /** When it was accepted, by the service's clock (RFC 3339). */
  get createdAt(): string {
    return this.#header('state-of');
  }

  /** The instant that was understood, if one was asked for. */
  get askedAt(): string | undefined {
    return this.response.headers.get('state-asked') ?? undefined;
  }

  /** How much older it is than that instant, or than now. */
  get ageSeconds(): number {
    return Number(this.#header('state-age'));
  }

  get isExact(): boolean {
    return this.#header('state-exact') === 'true';
  }

  /** Of the whole state, whatever part of it this is: `sha256:` and hex. */
  get checksum(): string {
    return /sha256:[0-9a-f]{64}/.exec(this.#header('etag'))?.[0] ?? '';
  }

  /** All of its bytes; a whole state is held to its checksum first: BackupError `checksum_mismatch`. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(await this.response.arrayBuffer());
    } catch (cause) {
      throw new BackupError('network_error', 'The state did not come whole', { cause });
    }
    if (this.response.status === 200) await demandChecksum(bytes, this.checksum);
    return bytes;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Parsed, at the price of what JavaScript's numbers do not hold. */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** As it comes; its checksum is then for the reader to compare. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.response.body === null) throw new BackupError('bad_answer', 'There is no body');
    return this.response.body;
  }

  #header(name: string): string {
    return this.response.headers.get(name) ?? '';
  }
}
