// First run: how does one begin? It waits for the first backup, visibly.

import { useState } from 'preact/hooks';
import { SERVICE_URL } from '../app/router.ts';
import { session } from '../app/session.ts';
import { CopyButton, Head, Term } from '../parts/common.tsx';
import { Icon } from '../parts/icon.tsx';

const WAYS = {
  'A file': {
    command: 'brs create settings/checkout settings.json',
    about:
      'Any JSON text, kept byte for byte. Change the file, run it again, and only the difference is stored.',
  },
  PostgreSQL: {
    command: `psql -XAtq shop -c "SELECT json_build_object('users', (SELECT json_agg(u ORDER BY id) FROM users u))" | brs create shop -`,
    about: 'Tables become arrays of rows, told apart by their ids. A producer that dies leaves no backup.',
  },
  Terraform: {
    command: 'terraform state pull | brs create terraform/prod -',
    about:
      'The state as Terraform has it, secrets and all: they are encrypted at rest, and masked here by their names.',
  },
  curl: { command: '', about: 'The file itself is the body. What was stored is in the answer.' },
} as const;

export function FirstRun() {
  const [way, setWay] = useState<keyof typeof WAYS>('A file');
  const auth = session.value?.required ? ' -H "Authorization: Bearer $TOKEN"' : '';
  const curl = `curl -T settings.json${auth} -H 'Content-Type: application/json' ${SERVICE_URL}/resources/settings%2Fcheckout/state`;
  const { command, about } = WAYS[way];
  const after = [
    '# what changed, when one value changed, and bring it back',
    'brs diff settings/checkout',
    'brs log settings/checkout --path /payment/timeoutSeconds',
    'brs restore settings/checkout@-1 --path /payment/timeoutSeconds --to value.json',
  ];
  return (
    <>
      <Head
        title="No backups yet"
        answer={
          <>
            Three steps to the <b>first state that can be brought back</b>. This page becomes the overview as
            soon as there is one.
          </>
        }
      />
      <ol class="steps">
        <li>
          <span class="no done">
            <Icon name="tick" small />
          </span>
          <div>
            <h2>The service runs</h2>
            <p class="dim">
              at <code>{SERVICE_URL}</code>
              {session.value?.version && `, version ${session.value.version}`}
            </p>
          </div>
        </li>
        <li>
          <span class="no">2</span>
          <div>
            <h2>Back something up</h2>
            <div class="seg" role="group" aria-label="Kind of source">
              {(Object.keys(WAYS) as (keyof typeof WAYS)[]).map((name) => (
                <button key={name} type="button" aria-pressed={name === way} onClick={() => setWay(name)}>
                  {name}
                </button>
              ))}
            </div>
            <Command text={command || curl} />
            <p class="hint">{about}</p>
            <div class="wait" role="status">
              <span class="pulse" />
              Waiting for the first backup
            </div>
          </div>
        </li>
        <li>
          <span class="no">3</span>
          <div>
            <h2>Then, in the same minute</h2>
            <Command text={after.join('\n')} />
          </div>
        </li>
      </ol>
      <Term name="First run" command="brs doctor" keys={[]} />
    </>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div class="cmd">
      <pre tabIndex={0}>{text}</pre>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}
