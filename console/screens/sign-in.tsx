// Sign-in: nothing is shown before, not even names.

import { useState } from 'preact/hooks';
import type { SignInElsewhere } from '../../lib/client/contract.ts';
import { elsewhere, leaveToSignIn } from '../app/pkce.ts';
import { clockAheadMs, signIn, signInFault } from '../app/session.ts';
import { span } from '../app/words.ts';
import { faultOf } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';

const CLOCK_TOLD_MS = 5000;

export function SignIn() {
  const ahead = clockAheadMs.value;
  return (
    <div class="gate">
      <main id="main">
        <div class="card">
          <span class="brand b0">
            <Icon name="mark" />
            Backup &amp; Restore
          </span>
          <div>
            <h1>
              Sign in to <bdi>{location.host}</bdi>
            </h1>
            <p class="dim">Nothing is shown before you do, not even names.</p>
          </div>
          {elsewhere === undefined ? <ByToken /> : <AtIssuer issuer={elsewhere} />}
        </div>
      </main>
      <footer>
        <span>
          {Math.abs(ahead) > CLOCK_TOLD_MS
            ? `The service's clock is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this computer's`
            : `Clock equal to within ${(Math.max(100, Math.abs(ahead)) / 1000).toFixed(1)} s`}
        </span>
      </footer>
    </div>
  );
}

function ByToken() {
  const [token, setToken] = useState('');
  const [fault, setFault] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (token === '' || isBusy) return;
    setBusy(true);
    setFault('');
    try {
      await signIn(token.trim());
    } catch (error) {
      const { code, detail, status } = faultOf(error);
      setFault(
        status === 401
          ? 'This token is not accepted: unknown, expired or revoked. Ask whoever gave it to you.'
          : `${detail} (${code})`,
      );
      setBusy(false);
    }
  };
  return (
    <>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            class="mono"
            autocomplete="off"
            spellcheck={false}
            value={token}
            aria-invalid={fault !== ''}
            aria-describedby={fault === '' ? undefined : 'fault'}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          {fault !== '' && (
            <span class="hint bad" id="fault" role="alert">
              {fault}
            </span>
          )}
        </label>
        <button type="submit" class={`btn pri block${isBusy ? ' busy' : ''}`} aria-busy={isBusy}>
          Sign in
        </button>
      </form>
      <p class="hint">
        The token goes to the service once and becomes a session cookie that no script can read. It is kept in
        no other place of this browser. The session ends after 8 hours, or 30 minutes without use.
      </p>
    </>
  );
}

/** The issuer asks for whatever it asks for; this page only hears how it ended. */
function AtIssuer({ issuer }: { issuer: SignInElsewhere }) {
  const [isBusy, setBusy] = useState(false);
  const host = new URL(issuer.issuer).host;
  const leave = (): void => {
    setBusy(true);
    void leaveToSignIn(issuer);
  };
  return (
    <>
      {signInFault.value !== '' && (
        <p class="hint bad" role="alert">
          {signInFault.value}
        </p>
      )}
      <button
        type="button"
        class={`btn pri block${isBusy ? ' busy' : ''}`}
        aria-busy={isBusy}
        onClick={leave}
      >
        Sign in at <bdi>{host}</bdi>
      </button>
      <p class="hint">
        You are sent there and come back. What this page is given then it holds only as long as it is open: no
        store of the browser has it, and after loading the page anew you sign in again.
      </p>
    </>
  );
}
