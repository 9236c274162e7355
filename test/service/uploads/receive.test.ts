// What a home that takes PUTs itself says of them, in the words of the API.

import { expect, test } from '@jest/globals';
import { ServiceError } from '../../../lib/core/records/errors.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { receiveUpload } from '../../../lib/service/uploads/upload.ts';
import { createWorld } from '../world.ts';

const ID = '5'.repeat(32);
const BODY = (async function* () {})();

function receiving(receive: () => Promise<{ bytes: number; sha256: string }>) {
  const { deps } = createWorld();
  return { transfers: { ...deps.transfers, receive } };
}

test.each<[PortError, string, RegExp]>([
  [new PortError('not_found', 'x'), 'upload_not_found', /POST \/uploads/],
  [new PortError('exists', 'x'), 'write_conflict', /another/],
  [new PortError('integrity', 'x', { reason: 'empty' }), 'malformed_json', /empty/],
  [new PortError('integrity', 'At most 5 bytes.', { reason: 'too_large' }), 'payload_too_large', /5 bytes/],
  [new PortError('integrity', 'It has 4.', { reason: 'mismatch' }), 'upload_mismatch', /^It has 4\. Nothing/],
])("%s is the client's own doing: %s", async (error, code, detail) => {
  const deps = receiving(() => Promise.reject(error));
  const refusal = await receiveUpload(deps, ID, BODY).catch((reason: unknown) => reason);
  expect(refusal).toBeInstanceOf(ServiceError);
  expect(refusal).toMatchObject({ code, message: expect.stringMatching(detail), cause: error });
});

test.each([
  new PortError('unavailable', 'full', { reason: 'disk_full' }),
  new PortError('integrity', 'the ticket was changed'),
  new PortError('denied', 'no'),
  new Error('the connection broke'),
])('%s is not, and stays what it is', async (error) => {
  await expect(
    receiveUpload(
      receiving(() => Promise.reject(error)),
      ID,
      BODY,
    ),
  ).rejects.toBe(error);
});

test('what was taken is handed on; an id of another form is asked of nobody', async () => {
  const taken = { bytes: 1, sha256: 'ab' };
  const deps = receiving(async () => taken);
  expect(await receiveUpload(deps, ID, BODY)).toBe(taken);
  for (const id of ['', '../x', `${ID}G`]) {
    await expect(receiveUpload(deps, id, BODY)).rejects.toMatchObject({ code: 'upload_not_found' });
  }
  await expect(receiveUpload(createWorld().deps, ID, BODY)).rejects.toMatchObject({
    code: 'upload_not_found',
  });
});
