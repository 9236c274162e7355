// The line for whoever starts the service by hand: where it is, what it keeps, who may call it.

import { resolve } from 'node:path';
import type { EmbeddedConfig } from './config.ts';

export function readyLine({ host, dataDir, token }: EmbeddedConfig, port: number): string {
  const name = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  const who = token === undefined ? 'no token: this machine only' : 'token needed';
  return `Ready: ${url}  data in ${resolve(dataDir)}  ${who}  try: curl ${url}/backups`;
}
