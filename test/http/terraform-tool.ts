// Terraform as a client of its `http` backend: it speaks as the tool does (internal/backend/remote-state/http/client.go), method by method, header by
// header.

import { createHash } from 'node:crypto';
import { silentLogger } from '../../lib/log.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

export const MASTER = 'the-token-of-the-deployment';
export const PLACE = '/terraform/network%2Fprod';

export function createScene() {
  const world = createWorld(({ clock }) => ({ tokens: createMemoryTokens(clock) }));
  const app = createCheckedApi({
    service: world.service,
    auth: { token: MASTER, tokens: world.deps.tokens! },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
    addressOf: () => '10.0.0.7',
  });
  return { world, app, client: (options: ClientOptions = {}) => createClient(app, options) };
}

interface ClientOptions {
  password?: string;
  address?: string;
  /** As people write it who are behind a gateway that knows no LOCK. */
  methods?: { lock: string; unlock: string; at: string };
}

/** What the tool does, and no more. */
function createClient(
  app: ReturnType<typeof createCheckedApi>,
  { password = MASTER, address = PLACE, methods = { lock: 'LOCK', unlock: 'UNLOCK', at: '' } }: ClientOptions,
) {
  let held: string | undefined;
  const call = async (method: string, path: string, body?: string) => {
    const headers: Record<string, string> = {
      Authorization: `Basic ${Buffer.from(`terraform:${password}`).toString('base64')}`,
    };
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
      headers['Content-MD5'] = createHash('md5').update(body).digest('base64');
    }
    const init = { method, headers, ...(body === undefined ? {} : { body }) };
    const response = await app.request(path, init);
    const text = await response.text();
    return { status: response.status, text, json: (text === '' ? {} : JSON.parse(text)) as Answer };
  };
  const lockAt = address.replace(/(?=\?|$)/, methods.at);
  return {
    call,
    get: () => call('GET', address),
    async lock(info: Partial<typeof INFO> = {}) {
      const said = { ...INFO, ...info };
      const answer = await call(methods.lock, lockAt, JSON.stringify(said));
      if (answer.status === 200) held = said.ID;
      return answer;
    },
    unlock: (id = held) => call(methods.unlock, lockAt, JSON.stringify({ ...INFO, ID: id })),
    /** The tool has lost what it said when it locked, and sends nothing. */
    forceUnlock: () => call(methods.unlock, lockAt, ''),
    put(body: string) {
      const query = held === undefined ? '' : `${address.includes('?') ? '&' : '?'}ID=${held}`;
      return call('POST', address + query, body);
    },
  };
}

interface Answer {
  [member: string]: unknown;
  id?: string;
  code?: string;
  detail?: string;
  errors?: { pointer: string }[];
}

export const INFO = {
  ID: 'f2a1b3c4-0000-4000-8000-000000000001',
  Operation: 'OperationTypeApply',
  Info: '',
  Who: 'ci@runner',
  Version: '1.11.4',
  Created: '2026-01-01T12:00:00.123456789Z',
  Path: '',
};

/** As the tool writes it: indented, with a line's end. */
export function state(serial: number | string, value: string, lineage = 'lineage-1'): string {
  return `{
  "version": 4,
  "terraform_version": "1.11.4",
  "serial": ${serial},
  "lineage": "${lineage}",
  "outputs": {},
  "resources": [{"type": "terraform_data", "n": 12345678901234567890.10, "value": "${value}"}]
}
`;
}

export const canonical = (text: string) => text.replaceAll(/\s/g, '');

export const countOf = async ({ world }: ReturnType<typeof createScene>) =>
  (await world.service.listBackups({ limit: 100, resourceId: 'network/prod' })).items.length;
