// Which names this service answers to, and which web pages may call it. A page of any site may send requests to this very
// machine through its visitor's browser, and may have its own name lead here (DNS rebinding): it never gets that far.

import { ServiceError } from '../../core/records/errors.ts';

export interface AccessOptions {
  /** Whether a name has to be one of ours. Where every call needs a token, a page that borrows a name has none to show. */
  checksHost: boolean;
  /** Names beside those of loopback, in lower case: `backup.example.com`, `*.example.com`, `10.0.0.7`, `[fd00::7]`. */
  allowedHosts: readonly string[];
}

/** What is wrong with an entry of a list of allowed hosts, or undefined. */
export function faultOfHost(entry: string): string | undefined {
  if (/^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(entry))
    return undefined;
  if (/^\[[0-9a-f:.]+\]$/i.test(entry)) return undefined;
  return `${JSON.stringify(entry)} is not a host name; write it as backup.example.com, *.example.com or 10.0.0.7, without scheme, port or path`;
}

/**
 * A check of requests. It throws ServiceError `host_not_allowed` for a name that is not ours, `forbidden` for a page that
 * is not of ours, `invalid_request` for a Host that is none.
 */
export function createAccess({ checksHost, allowedHosts }: AccessOptions): (request: Request) => void {
  const isAllowed = (name: string): boolean => allowedHosts.some((entry) => matches(entry, name));

  const demandName = (authority: string): void => {
    const name = nameOf(authority);
    if (name === undefined) {
      throw new ServiceError('invalid_request', 'One thing is wrong with the request; see errors.', {
        errors: [{ pointer: '/headers/host', detail: 'must be one host, with or without a port' }],
      });
    }
    if (checksHost && !isLoopbackName(name) && !isAllowed(name)) {
      throw new ServiceError(
        'host_not_allowed',
        `This service does not answer to the name ${shown(name)}. If it should, name it in the setting BACKUP_ALLOWED_HOSTS.`,
      );
    }
  };

  return ({ headers, url }) => {
    const host = headers.get('host');
    // Only HTTP/1.0 may leave it out, which no browser speaks.
    if (host !== null) demandName(host);
    // A target that is a whole URL stands above the header (RFC 9112, 3.2.2).
    const target = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1];
    if (host !== null && target !== undefined && target !== host) demandName(target);

    const origin = headers.get('origin');
    const page = origin === null ? undefined : /^https?:\/\/([^/?#]+)$/i.exec(origin)?.[1];
    const isNamed = page !== undefined && isAllowed(nameOf(page) ?? '');
    if (origin !== null && !isNamed && (page === undefined || bare(page) !== bare(host ?? ''))) {
      throw refusedPage(`A web page of ${shown(origin)} may not call this service.`);
    }
    // Of what a browser says, only these two are not another site's doing.
    const site = headers.get('sec-fetch-site')?.toLowerCase() ?? 'none';
    if (site !== 'none' && site !== 'same-origin' && !isNamed) {
      throw refusedPage('A web page of another site may not call this service.');
    }
  };
}

function refusedPage(what: string): ServiceError {
  const detail = `${what} Call it from a program, or name the page's host in the setting BACKUP_ALLOWED_HOSTS.`;
  return new ServiceError('forbidden', detail);
}

/** Names that lead to this machine wherever they are asked for: `localhost` and below (RFC 6761), and loopback's addresses. */
function isLoopbackName(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true;
  return /^127(\.\d{1,3}){1,3}$/.test(name);
}

/** The host of `host` or `host:port`, in lower case and without the root's dot; undefined if it is none. */
function nameOf(authority: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:[\]@,/\\]+)(?::\d{0,5})?$/i.exec(authority);
  return match?.[1]?.toLowerCase().replace(/(?<=[^.])\.$/, '');
}

function matches(entry: string, name: string): boolean {
  return entry.startsWith('*.')
    ? name.endsWith(entry.slice(1)) && name.length >= entry.length
    : name === entry;
}

/** An authority without the ports that a browser leaves out. */
export function bare(authority: string): string {
  return authority.toLowerCase().replace(/:(80|443)$/, '');
}

/** A name may be as long as a header. */
function shown(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
