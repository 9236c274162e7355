// The API of a test: whatever it answers must be what its contract describes.

import { once } from '../../lib/http/contract/once.ts';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { createOpenApi } from '../../lib/http/openapi/openapi.ts';
import { type Api, type ApiDeps, createApi } from '../../lib/http/server/api.ts';
import { systemRandom } from '../../lib/random.ts';
import { KERNEL } from '../core/kernels.ts';
import { createAnswerCheck } from './conformance.ts';

/** Longer ones are streams, of which some tests count every byte that is taken. */
const CHECKED_BYTES_MAX = 64 * 1024;

/** Of everything that an API of this kind may serve. */
const checkAnswer = once(() =>
  createAnswerCheck(
    JSON.parse(JSON.stringify(createOpenApi({ version: '0.1.0', security: 'token', uploads: true }))),
  ),
);

type Given = 'random' | 'kernel';

/** What a test has to give; chance is the machine's, if it is not given. */
export type CheckedApiDeps = Omit<ApiDeps, Given> & Partial<Pick<ApiDeps, Given>>;

/** The API, with every answer that it gives to `request` held against the contract. */
export function createCheckedApi(deps: CheckedApiDeps): Api {
  const app = createApi({ random: systemRandom, kernel: KERNEL, ...deps });
  const ask = app.request;
  app.request = async (input, init, ...rest) => {
    const answer = await ask(input, init, ...rest);
    if (Number(answer.headers.get('content-length') ?? 0) > CHECKED_BYTES_MAX) return answer;
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    checkAnswer()({
      ...described(method, pathOf(input instanceof Request ? input.url : String(input))),
      status: answer.status,
      headers: answer.headers,
      body: Buffer.from(await answer.clone().arrayBuffer()),
    });
    return answer;
  };
  return app;
}

/** What OpenAPI has no word for is another way to an operation that it describes. */
function described(method: string, path: string): { method: string; path: string } {
  for (const route of ROUTE_LIST) {
    for (const other of route.also ?? []) {
      const match = new RegExp(`^${other.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(path);
      if (other.method === method && match !== null) {
        return { method: route.method, path: route.path.replace(/\{\w+\}/, match[1]!) };
      }
    }
  }
  return { method, path };
}

/** As the app gets it: without steps like `..`, and with slashes for what counts as one. */
function pathOf(asked: string): string {
  const url = asked.startsWith('http')
    ? asked
    : `http://localhost${asked.startsWith('/') ? '' : '/'}${asked}`;
  return new URL(url).pathname;
}
