// What `brs` has no verb for yet, as a command that does the same.

import { SERVICE_URL } from './router.ts';
import { session } from './session.ts';
import { quoted } from './words.ts';

/** For a terminal, with a remark that says why it is no `brs`; the token is named, and not in it. */
export function curlOf(path: string, method: 'GET' | 'POST' = 'GET'): string {
  const posts = method === 'GET' ? '' : " -X POST -H 'Content-Type: application/json'";
  const token = session.value?.required === true ? ' -H "Authorization: Bearer $BACKUP_API_TOKEN"' : '';
  return `curl -sS${posts}${token} ${quoted(`${SERVICE_URL}${path}`)} # brs has no verb for this yet`;
}
