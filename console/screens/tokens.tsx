// Tokens: who may do what? A secret is shown once, and a token without an end is not what one gets by default.

import { useId, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { useKeys } from '../app/keys.ts';
import { useLoad } from '../app/load.ts';
import { client, serviceNow } from '../app/session.ts';
import { counted, day, moment, span } from '../app/words.ts';
import { Ago, CopyButton, Empty, Failure, faultOf, Head, Notice, Show, Term } from '../parts/common.tsx';
import { ConfirmName, Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { useRows } from '../parts/rows.ts';
import { tell } from '../parts/toast.tsx';

type Token = Answer<'Token'>;
type Scope = Token['scopes'][number];

const SCOPES: readonly [Scope, string][] = [
  ['backup:write', 'back up'],
  ['import', 'import older states'],
  ['backup:list', 'see backups'],
  ['data:read', 'read states and restore'],
  ['backup:verify', 'prove backups'],
  ['backup:delete', 'delete and undelete'],
  ['hold:manage', 'hold and lock'],
  ['policy:manage', 'set what is kept'],
  ['audit:read', 'read the trail'],
  ['schedule:read', 'see what runs by itself'],
  ['schedule:manage', 'run and change schedules'],
  ['notify:manage', 'say who is told'],
  ['admin', 'everything'],
];
const ENDS = [30, 90, 365, 0];
const SOON_MS = 14 * 86_400_000;
const DAY_MS = 86_400_000;

export function Tokens() {
  const loaded = useLoad((signal) => client.call('listTokens', {}, { signal }), []);
  const [made, setMade] = useState<Answer<'TokenMade'> | undefined>(undefined);
  const [revoking, setRevoking] = useState<Token | undefined>(undefined);
  const tokens = loaded.value?.tokens ?? [];
  const rows = useRows(tokens.length);
  useKeys('Tokens', rows.keys);
  const active = tokens.filter(({ status }) => status === 'active').length;
  return (
    <>
      <Head
        title="Tokens"
        answer={
          loaded.value &&
          (active === 0 ? (
            'No named token is in use.'
          ) : (
            <>
              <b>{counted(active, 'token')}</b> in use. Only the SHA-256 of each is kept.
            </>
          ))
        }
      />
      {made && <Made made={made} done={() => setMade(undefined)} />}
      <Show loaded={loaded} what="The tokens could not be read">
        {() =>
          tokens.length === 0 ? (
            <Empty title="No named tokens yet">
              As soon as there is one, the service asks every caller for a token.
            </Empty>
          ) : (
            <table class="tbl" ref={rows.table}>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">May</th>
                  <th scope="col" class="lo">
                    Only resources
                  </th>
                  <th scope="col" class="lo">
                    Ends
                  </th>
                  <th scope="col" class="lo lo2">
                    Last used
                  </th>
                  <th scope="col">
                    <span class="sr">Revoke</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {tokens.map((one, i) => (
                  <tr key={one.id} {...rows.row(i)} class={one.status === 'active' ? undefined : 'fade'}>
                    <th scope="row">
                      <b>{one.name}</b>
                      <span class="sub">{one.status}</span>
                    </th>
                    <td class="wrap">
                      {one.scopes
                        .map((scope) => SCOPES.find(([name]) => name === scope)?.[1] ?? scope)
                        .join(', ')}
                    </td>
                    <td class="lo mono wrap">{only(one)}</td>
                    <td class="lo nw">
                      <Ends token={one} />
                    </td>
                    <td class="lo lo2 nw">
                      {one.lastUsedAt ? (
                        <>
                          <Ago iso={one.lastUsedAt} /> <span class="faint">ago</span>
                        </>
                      ) : (
                        <span class="faint">never</span>
                      )}
                    </td>
                    <td>
                      <span class="rowacts">
                        {one.status === 'active' && (
                          <button
                            type="button"
                            class="btn sm"
                            aria-label={`Revoke ${one.name}`}
                            onClick={() => setRevoking(one)}
                          >
                            Revoke…
                          </button>
                        )}
                      </span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Show>
      <New
        isFirst={tokens.length === 0}
        done={(token) => {
          setMade(token);
          loaded.reload();
        }}
      />
      {revoking && (
        <Revoke
          token={revoking}
          close={() => setRevoking(undefined)}
          done={() => {
            setRevoking(undefined);
            loaded.reload();
          }}
        />
      )}
      <Term name="All tokens" command="brs tokens ls" keys={[]} />
    </>
  );
}

function only({ resources, prefixes }: Token): string {
  const all = [...(resources ?? []), ...(prefixes ?? []).map((one) => `${one}*`)];
  return all.length === 0 ? 'all' : all.join(', ');
}

function Ends({ token: { status, expiresAt, revokedAt } }: { token: Token }) {
  if (revokedAt !== undefined) return <span class="faint">revoked {day(revokedAt)}</span>;
  if (expiresAt === undefined) return <span class="late">never</span>;
  const left = Date.parse(expiresAt) - serviceNow();
  if (status === 'expired') return <span class="faint">expired {day(expiresAt)}</span>;
  return (
    <span class={left < SOON_MS ? 'late' : undefined}>
      {left < SOON_MS ? `in ${span(left)}` : day(expiresAt)}
    </span>
  );
}

function Made({ made, done }: { made: Answer<'TokenMade'>; done: () => void }) {
  const [isShown, setShown] = useState(false);
  return (
    <Notice
      tone="info"
      acts={
        <>
          <button type="button" class="btn sm" onClick={() => setShown(!isShown)}>
            <Icon name="eye" />
            {isShown ? 'Hide' : 'Show'}
          </button>
          <CopyButton text={made.token} label="Copy the token" />
          <button type="button" class="btn sm" onClick={done}>
            Done
          </button>
        </>
      }
    >
      <b>The token {made.name}, told this once:</b>{' '}
      <span class="mono secret">{isShown ? made.token : '••••••••••••••••'}</span>
    </Notice>
  );
}

function New({ isFirst, done }: { isFirst: boolean; done: (token: Answer<'TokenMade'>) => void }) {
  const [name, setName] = useState('');
  const [where, setWhere] = useState('');
  const [days, setDays] = useState(90);
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(
    new Set<Scope>(isFirst ? ['admin'] : ['backup:list', 'data:read']),
  );
  const [fault, setFault] = useState<unknown>(undefined);
  const ids = useId();
  const toggle = (scope: Scope): void => {
    const next = new Set(scopes);
    if (!next.delete(scope)) next.add(scope);
    setScopes(next);
  };
  const make = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const words = where.split(/[\s,]+/).filter((one) => one !== '');
    const prefixes = words.filter((one) => one.endsWith('*')).map((one) => one.slice(0, -1));
    const resources = words.filter((one) => !one.endsWith('*'));
    try {
      const body = {
        name,
        scopes: [...scopes],
        ...(prefixes.length > 0 ? { prefixes } : {}),
        ...(resources.length > 0 ? { resources } : {}),
        ...(days > 0 ? { expiresAt: new Date(serviceNow() + days * DAY_MS).toISOString() } : {}),
      };
      done(await client.call('makeToken', { body }));
      setName('');
      setFault(undefined);
    } catch (error) {
      setFault(error);
    }
  };
  const others = scopes.has('admin');
  return (
    <section class="sec gap-t" aria-labelledby="nt">
      <div class="sec-h">
        <h2 id="nt">New token</h2>
      </div>
      {isFirst && (
        <Notice tone="late">
          <b>With the first token the door closes:</b> from then on everybody needs one, this console too.
          Make one that may do everything first, and keep it.
        </Notice>
      )}
      {fault !== undefined && <Failure error={fault} what="No token was made" />}
      <form class="panel" onSubmit={(event) => void make(event)}>
        <div class="pb formgrid">
          <label class="field">
            <span>Name</span>
            <input
              type="text"
              value={name}
              required
              spellcheck={false}
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <span class="hint">shows as “by” in activity and audit</span>
          </label>
          <label class="field">
            <span>Only resources</span>
            <input
              type="text"
              class="mono"
              value={where}
              spellcheck={false}
              placeholder="all"
              onInput={(event) => setWhere(event.currentTarget.value)}
            />
            <span class="hint">ids, or how they begin: shop, prod/*</span>
          </label>
          <label class="field">
            <span>Ends</span>
            <select value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
              {ENDS.map((one) => (
                <option key={one} value={one}>
                  {one === 0 ? 'never' : `in ${one} days, ${day(serviceNow() + one * DAY_MS)}`}
                </option>
              ))}
            </select>
          </label>
          <fieldset class="span">
            <legend class="lbl">May</legend>
            <div class="row">
              {SCOPES.map(([scope, text]) => {
                const isImplied = others && scope !== 'admin';
                return (
                  <div class="check" key={scope}>
                    <input
                      type="checkbox"
                      id={`${ids}${scope}`}
                      checked={scopes.has(scope) || isImplied}
                      disabled={isImplied}
                      onChange={() => toggle(scope)}
                    />
                    <label for={`${ids}${scope}`} class={isImplied ? 'faint' : undefined}>
                      {text}
                    </label>
                  </div>
                );
              })}
            </div>
          </fieldset>
          <div class="acts span">
            <button type="submit" class="btn pri" disabled={name === '' || scopes.size === 0}>
              Make token
            </button>
          </div>
        </div>
      </form>
    </section>
  );
}

function Revoke({ token, close, done }: { token: Token; close: () => void; done: () => void }) {
  const [typed, setTyped] = useState('');
  const revoke = (): void => {
    client.call('revokeToken', { params: { id: token.id } }).then(
      () => {
        tell(`${token.name} opens nothing any more`);
        done();
      },
      (error: unknown) => tell(faultOf(error).detail),
    );
  };
  return (
    <Dialog
      title={`Revoke ${token.name}`}
      close={close}
      isSmall
      footer={
        <>
          <ConfirmName name={token.name} typed={typed} onType={setTyped} />
          <button type="button" class="btn" onClick={close}>
            Cancel
          </button>
          <button type="button" class="btn danger" disabled={typed !== token.name} onClick={revoke}>
            Revoke
          </button>
        </>
      }
    >
      <p>
        From the next call on it opens nothing, and that cannot be taken back.{' '}
        {token.lastUsedAt ? (
          <>It was last used {moment(token.lastUsedAt, { seconds: false })}.</>
        ) : (
          'It was never used.'
        )}
      </p>
    </Dialog>
  );
}
