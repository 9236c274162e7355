// Rows off the wire: whatever the pieces they come in, whatever else the server says between them.

import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connection } from '../../lib/sources/postgresql/connect.ts';
import { copyOut } from '../../lib/sources/postgresql/copy-out.ts';
import type { Shape } from '../../lib/sources/postgresql/row-json.ts';
import { escaped } from './copy-text.ts';

function message(type: string, payload: Uint8Array | string = ''): Buffer {
  const body = Buffer.from(payload as string);
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A row as the server writes it. */
const row = (text: string) => message('d', `${escaped(text)}\n`);

/** A connection whose server says that, in pieces of these lengths; what is not of the rows goes to whoever listened before. */
function serverOf(said: Buffer, cuts: readonly number[]) {
  const stream = new Duplex({ read() {}, write: (_chunk, _coding, done) => done() });
  const others: Buffer[] = [];
  let asked = '';
  let query: { submit(wire: unknown): void; handleReadyForQuery(): void; handleError(error: unknown): void };
  stream.on('data', (chunk: Buffer) => {
    others.push(chunk);
    const all = Buffer.concat(others);
    if (all.includes('E')) query.handleError(new Error('the server says no'));
    if (all.includes('Z')) query.handleReadyForQuery();
  });
  const wire = {
    stream,
    query(text: string) {
      asked = text;
      let at = 0;
      for (const cut of [...cuts, said.length]) {
        if (cut > at) stream.push(said.subarray(at, cut));
        at = Math.max(at, cut);
      }
    },
  };
  const client = {
    query(given: typeof query) {
      query = given;
      given.submit(wire);
    },
  };
  const connection = { client, fault: (error: unknown) => error } as unknown as Connection;
  return { connection, stream, others: () => Buffer.concat(others), asked: () => asked };
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(chunks)).toString();
}

/** One column that is JSON already. */
const AS_IS: Shape = { fields: [{ before: '', form: 'json' }], after: '' };

const END = [message('c'), message('C', 'COPY 3\0'), message('Z', 'I')];
const BEGIN = message('H', Buffer.from([0, 0, 1, 0, 0]));

test('rows come with commas between them, however they are cut, and the rest goes back to whom it is for', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(texts, fc.array(fc.nat(2000), { maxLength: 30 }), async (rows, cuts) => {
      const between = [message('N', 'SNOTICE\0'), message('S', 'TimeZone\0UTC\0')];
      const said = Buffer.concat([
        BEGIN,
        ...rows.flatMap((one, n) => [row(one), ...(n % 5 === 1 ? between : [])]),
        ...END,
      ]);
      const server = serverOf(
        said,
        cuts.map((cut) => cut % said.length).sort((a, b) => a - b),
      );
      expect(await textOf(copyOut(server.connection, 'SELECT 1', AS_IS))).toBe(rows.join(','));
      expect(server.asked()).toBe('COPY (SELECT 1) TO STDOUT');
      expect(server.others()).toEqual(Buffer.concat(END.slice(1)));
    }),
    { numRuns: 300 },
  );
});

test('a row may be longer than what is given at a time, and a backslash may be cut from what it is for', async () => {
  const long = `{"a":"${'\\"é'.repeat(700_000)}"}`;
  const said = Buffer.concat([BEGIN, row(long), row('{}'), ...END]);
  const cuts = Array.from({ length: 200 }, (_, n) => n * 20_011 + (n % 3));
  const server = serverOf(said, cuts);
  expect((await textOf(copyOut(server.connection, 'q', AS_IS))) === `${long},{}`).toBe(true);
});

test('whoever reads slowly holds the server up', async () => {
  const rows = Array.from({ length: 400 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(20_000)}"}`);
  const said = Buffer.concat([BEGIN, ...rows.map(row), ...END]);
  const server = serverOf(
    said,
    rows.map((_, n) => n * 20_020),
  );
  const chunks = copyOut(server.connection, 'q', AS_IS);
  await chunks.next();
  await new Promise((done) => setTimeout(done, 20));
  expect(server.stream.isPaused()).toBe(true);
  expect(server.stream.readableLength).toBeGreaterThan(4_000_000);
  expect(server.others()).toHaveLength(0);
  const rest = await textOf(chunks);
  expect(rest.endsWith(rows.at(-1)!)).toBe(true);
});

describe('what goes wrong', () => {
  test('an error among the rows is thrown behind what came before it', async () => {
    const said = Buffer.concat([BEGIN, row('{"n":1}'), message('E', 'SERROR\0'), message('Z', 'I')]);
    const chunks = copyOut(serverOf(said, [9]).connection, 'q', AS_IS);
    expect(Buffer.from((await chunks.next()).value!).toString()).toBe('{"n":1}');
    await expect(chunks.next()).rejects.toThrow('the server says no');
  });

  test('a row that is not of the columns that were asked for ends the connection', async () => {
    const server = serverOf(Buffer.concat([BEGIN, row('1'), message('d', '2\t3\n'), ...END]), []);
    await expect(textOf(copyOut(server.connection, 'q', AS_IS))).rejects.toMatchObject({ code: 'integrity' });
    expect(server.stream.destroyed).toBe(true);
  });

  test('whoever wants no more cuts the connection', async () => {
    const server = serverOf(Buffer.concat([BEGIN, row('{}'.padEnd(600_000)), row('{}')]), []);
    const chunks = copyOut(server.connection, 'q', AS_IS);
    await chunks.next();
    const closed = once(server.stream, 'close');
    await chunks.return();
    await closed;
  });
});
