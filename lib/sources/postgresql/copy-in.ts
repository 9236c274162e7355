// Rows copied into a table: one statement, whose data goes past the driver.

import type { Duplex } from 'node:stream';
import type { Submittable, Connection as Wire } from 'pg';
import type { Connection } from './connect.ts';

/** Of the protocol (PostgreSQL's manual, 55.7): the type of a message, and a length that counts itself. */
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;

type CopyWire = Wire & { stream: Duplex; endCopyFrom(): void };

export class CopyIn implements Submittable {
  readonly #text: string;
  readonly #fault: Connection['fault'];
  #wire: CopyWire | undefined;
  readonly #begun = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();

  private constructor(table: string, fault: Connection['fault']) {
    this.#text = `COPY ${table} FROM STDIN`;
    this.#fault = fault;
    for (const { promise } of [this.#begun, this.#done]) promise.catch(() => {});
  }

  /** Nothing else is asked of the connection until it has ended. */
  static into(table: string, { client, fault }: Connection): CopyIn {
    const copy = new CopyIn(table, fault);
    client.query(copy);
    return copy;
  }

  /** Lines of COPY's text. Resolves when there is room for more; throws what the server says. */
  async write(lines: Uint8Array): Promise<void> {
    await this.#begun.promise;
    const { stream } = this.#wire!;
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = COPY_DATA;
    header.writeUInt32BE(lines.length + HEADER_BYTES - 1, 1);
    stream.write(header);
    if (stream.write(lines)) return;
    const drained = new Promise<void>((resolve) => stream.once('drain', resolve));
    await Promise.race([drained, this.#done.promise]);
  }

  /** Throws what the server says. */
  async end(): Promise<void> {
    await this.#begun.promise;
    this.#wire!.endCopyFrom();
    await this.#done.promise;
  }

  submit(wire: Wire): void {
    this.#wire = wire as CopyWire;
    wire.query(this.#text);
  }

  handleCopyInResponse(): void {
    this.#begun.resolve();
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#done.resolve();
  }

  handleError(error: unknown): void {
    const fault = this.#fault(error);
    this.#begun.reject(fault);
    this.#done.reject(fault);
  }
}
