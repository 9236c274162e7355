import { beforeAll, describe, expect, test } from '@jest/globals';
import { readUnauthenticatedHeader } from '../../../lib/core/blob/open.ts';
import {
  chainKey,
  DELTA,
  deltaFields,
  deriveAll,
  forge,
  type HeaderJson,
  headerOf,
  type Sample,
  STATE,
  sample,
  sha256,
  stateFields,
} from './fixtures.ts';
import { refusedUnread } from './refusals.ts';

const KEY = chainKey();
let encrypted: Sample;
let inClear: Sample;

beforeAll(async () => {
  encrypted = await sample(stateFields(), STATE, KEY);
  inClear = await sample(stateFields(), STATE, 'none');
});

describe('headers', () => {
  /** Whoever can write blobs can give one in clear any header and a tag that fits. */
  const refusedHeader = async (stored: Sample, header: HeaderJson | Buffer): Promise<void> => {
    const keys = stored.dataKey && deriveAll(stored.dataKey, String(headerOf(stored.blob).messageId));
    const forged = forge(stored.blob, { header }, keys?.macKey);
    await refusedUnread(forged, stored.binding, stored.dataKey);
    await expect(readUnauthenticatedHeader(forged)).rejects.toMatchObject({ code: 'integrity_error' });
  };

  test('a header with any member missing, of another type, or unknown is none', async () => {
    const delta = await sample(deltaFields({ completedAt: 1_700_000_000_001 }), DELTA, KEY);
    const names = ['resourceId', 'resourceType', 'backupId', 'chainId', 'baseBackupId'];
    const optional = ['requestedType', 'baseBackupId', 'completedAt', 'expiresAt', 'changes'];
    for (const stored of [encrypted, inClear, delta]) {
      const header = headerOf(stored.blob);
      for (const [name, value] of Object.entries(header)) {
        const { [name]: _missing, ...rest } = header;
        if (!optional.includes(name)) await refusedHeader(stored, rest);
        const others = [null, true, '', 'x', -1, 0.5, [], {}, [value], { value }, Number.MAX_VALUE];
        for (const other of others) {
          if ((other === 'x' && names.includes(name)) || JSON.stringify(other) === JSON.stringify(value))
            continue;
          await refusedHeader(stored, { ...header, [name]: other });
        }
      }
      await refusedHeader(stored, { ...header, extra: 1 });
      const text = JSON.stringify(header);
      await refusedHeader(stored, Buffer.from(text.replace('{', '{"__proto__":{},')));
      await refusedHeader(stored, Buffer.from(text.replace('{', '{"constructor":{},')));
    }
  });

  test('the same goes for what is inside', async () => {
    const customFields = { a: 1 };
    const metadata = { ...stateFields().metadata, customFields };
    const delta = await sample(deltaFields({ metadata }), DELTA, KEY);
    const header = headerOf(delta.blob);
    for (const member of ['metadata', 'changes', 'key']) {
      const inner = header[member] as HeaderJson;
      for (const name of Object.keys(inner)) {
        const { [name]: _missing, ...rest } = inner;
        if (name !== 'customFields') await refusedHeader(delta, { ...header, [member]: rest });
        await refusedHeader(delta, { ...header, [member]: { ...inner, [name]: null } });
      }
      await refusedHeader(delta, { ...header, [member]: { ...inner, extra: 1 } });
    }
    await refusedHeader(delta, { ...header, metadata: { ...metadata, tags: { a: 1 } } });
  });

  test('a kind that contradicts the rest is refused', async () => {
    const delta = await sample(deltaFields(), DELTA, 'none');
    const header = headerOf(delta.blob);
    const { baseBlobId, baseChecksum, ...rest } = header;
    await refusedHeader(delta, rest);
    await refusedHeader(delta, { ...rest, baseBlobId });
    await refusedHeader(delta, { ...rest, baseChecksum });
    await refusedHeader(delta, { ...header, baseBlobId: header.blobId });
    await refusedHeader(delta, { ...header, kind: 'state' });
    await refusedHeader(inClear, { ...headerOf(inClear.blob), kind: 'delta' });
    await refusedHeader(inClear, { ...headerOf(inClear.blob), baseBlobId });
    await refusedHeader(inClear, { ...headerOf(inClear.blob), baseChecksum });
    await refusedHeader(inClear, { ...headerOf(inClear.blob), plainSha256: sha256(DELTA) });
    await refusedHeader(inClear, { ...headerOf(inClear.blob), size: STATE.length + 1 });
  });

  test('bytes that are no JSON object in UTF-8 are refused', async () => {
    const text = JSON.stringify(headerOf(inClear.blob));
    const wrong = [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '1',
      `[${text}]`,
      `${text}x`,
      `\ufeff${text}`,
      '['.repeat(9999),
    ];
    for (const header of wrong) await refusedHeader(inClear, Buffer.from(header));
    const latin1 = Buffer.from(text.replace('database-1', 'datab\xe9se-1'), 'latin1');
    await refusedHeader(inClear, latin1);
  });

  test('base64 has one spelling', async () => {
    const header = headerOf(encrypted.blob);
    const messageId = String(header.messageId);
    for (const other of [messageId.slice(0, -1), `${messageId}\n`, ` ${messageId}`, `${messageId}AAAA`]) {
      await refusedHeader(encrypted, { ...header, messageId: other });
    }
  });

  test('a header is not read beyond its bound', async () => {
    const { blob, binding } = inClear;
    const header = {
      ...headerOf(blob),
      metadata: { ...stateFields().metadata, source: ' '.repeat(1024 * 1024) },
    };
    await refusedHeader(inClear, header);
    const longer = Buffer.from(blob);
    longer.writeUInt32BE(2 ** 32 - 1, 5);
    await refusedUnread(longer, binding, undefined);
  });
});
