// A source is made or changed: where it is, by its kind. A secret is named by where it stands; what is none is not sent.

import { useState } from 'preact/hooks';
import type { Answer, CallInput } from '../../lib/client/contract.ts';
import {
  areShown,
  bareSecretIn,
  type Faults,
  faultsIn,
  headerLines,
  headersOf,
  isReference,
  listOf,
  NO_FAULTS,
  NO_REFERENCE,
} from '../app/forms.ts';
import { go, linkTo } from '../app/router.ts';
import { client } from '../app/session.ts';
import { Failure, Head, Term } from '../parts/common.tsx';
import { CheckField, ChoiceField, RemoveDialog, TextField } from '../parts/form.tsx';
import { tell } from '../parts/toast.tsx';

type Spec = Answer<'Source'>['spec'];
type Kind = Spec['kind'];
type Text = 'url' | 'password' | 'path' | 'table' | 'bucket' | 'key' | 'prefix' | 'region' | 'endpoint';
type List = 'tables' | 'exclude';

const KINDS: readonly (readonly [Kind, string])[] = [
  ['postgresql', 'PostgreSQL'],
  ['sqlite', 'SQLite file'],
  ['http', 'HTTP'],
  ['file', 'File of JSON'],
  ['folder', 'Folder of JSON files'],
  ['s3', 'S3 object or prefix'],
  ['dynamodb', 'DynamoDB table'],
];

const REFERENCE_HINT = 'env:NAME, file:/run/secrets/x or secretsmanager:arn; never the password itself';
const PATH = 'absolute, in a folder that the service lets in (BACKUP_SOURCE_FOLDERS)';
const TEXTS: Readonly<Record<Kind, readonly (readonly [Text, string, string, boolean?])[]>> = {
  postgresql: [
    [
      'url',
      'URL',
      'postgres://user@host:5432/database, without a password; or where a whole URL stands',
      true,
    ],
    ['password', 'Password stands at', REFERENCE_HINT],
  ],
  sqlite: [['path', 'Path', PATH, true]],
  http: [['url', 'URL', 'what it answers to GET is the state; no secret in it', true]],
  file: [['path', 'Path', PATH, true]],
  folder: [['path', 'Path', PATH, true]],
  s3: [
    ['bucket', 'Bucket', '', true],
    ['key', 'Key', 'one object; or leave it empty and say a prefix'],
    ['prefix', 'Prefix', 'the JSON objects under it'],
    ['region', 'Region', 'without it that of the service'],
  ],
  dynamodb: [
    ['table', 'Table', '', true],
    ['region', 'Region', 'without it that of the service'],
  ],
};
const LISTS: readonly (readonly [List, string, string])[] = [
  ['tables', 'Only tables', 'names with commas between them; all without it'],
  ['exclude', 'Not tables', 'audit.*, logs'],
];
const hasTables = (kind: Kind): boolean => kind === 'postgresql' || kind === 'sqlite';
const POINTERS = [
  ...['/path/id', '/kind', '/headers', '/write', '/tables', '/exclude', '/scratch'],
  ...['/url', '/password', '/path', '/table', '/bucket', '/key', '/prefix', '/region', '/endpoint'],
];

export function SourceForm({ id, spec }: { id?: string; spec?: Spec }) {
  const [name, setName] = useState(id ?? '');
  const [draft, setDraft] = useState<Spec>(spec ?? { kind: 'postgresql' });
  const [headers, setHeaders] = useState(headerLines(spec?.headers));
  const [lists, setLists] = useState({
    tables: (spec?.tables ?? []).join(', '),
    exclude: (spec?.exclude ?? []).join(', '),
  });
  const [faults, setFaults] = useState<Faults>(NO_FAULTS);
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const { kind } = draft;
  const set = (member: keyof Spec, text: string): void => {
    const { [member]: _old, ...others } = draft;
    setDraft((text === '' ? others : { ...others, [member]: text }) as Spec);
  };
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const made = madeOf(draft, headers, lists);
    setFaults(made.faults);
    setError(undefined);
    if (made.spec === undefined) return;
    setBusy(true);
    try {
      const body = made.spec as NonNullable<CallInput<'putSource'>['body']>;
      await client.call('putSource', { params: { id: name }, body });
      tell(`${name} is set; it is tried now`);
      go(linkTo('schedules', { show: 'sources', tried: name }));
    } catch (refused) {
      setFaults(faultsIn(refused));
      setError(refused);
      setBusy(false);
    }
  };
  const title = id === undefined ? 'New source' : `Change ${id}`;
  return (
    <>
      <Head
        title={title}
        crumbs={[
          { text: 'Schedules', href: linkTo('schedules') },
          { text: 'Sources', href: linkTo('schedules', { show: 'sources' }) },
          { text: title },
        ]}
        acts={
          id !== undefined && (
            <button type="button" class="btn" onClick={() => setRemoving(true)}>
              Remove…
            </button>
          )
        }
        answer="A place that states are read from. Secrets are named by where they stand for the service, and never typed here."
      />
      {error !== undefined && !areShown(faults, POINTERS) && (
        <Failure error={error} what="The source was not set" />
      )}
      <form class="panel" onSubmit={(event) => void save(event)}>
        <div class="pb formgrid">
          {id === undefined && (
            <TextField
              label="Name"
              hint="as schedules call it: shop-db"
              at="/path/id"
              {...{ faults, value: name, set: setName, isRequired: true }}
            />
          )}
          <ChoiceField
            label="Kind"
            at="/kind"
            choices={KINDS}
            value={kind}
            set={(next) => setDraft({ kind: next, ...(draft.scratch ? { scratch: true } : {}) })}
            {...{ faults, isFixed: id !== undefined }}
          />
          {TEXTS[kind].map(([member, label, hint, isRequired]) => (
            <TextField
              key={`${kind} ${member}`}
              at={`/${member}`}
              value={draft[member] ?? ''}
              set={(text) => set(member, text)}
              isMono
              isWide={member === 'url' || member === 'path'}
              {...{ label, hint, faults, isRequired: isRequired === true }}
            />
          ))}
          {kind === 'http' && (
            <TextField
              label="Headers"
              hint="a line each, with secrets as references: Authorization: Bearer {env:SHOP_TOKEN}"
              at="/headers"
              value={headers}
              set={setHeaders}
              isMono
              isLong
              isWide
              faults={faults}
            />
          )}
          {hasTables(kind) &&
            LISTS.map(([member, label, hint]) => (
              <TextField
                key={`${kind} ${member}`}
                at={`/${member}`}
                value={lists[member]}
                set={(text) => setLists({ ...lists, [member]: text })}
                isMono
                {...{ label, hint, faults }}
              />
            ))}
          <div class="span">
            <CheckField
              label="Scratch: drills may write here"
              hint="all that it has is lost by that; never what a schedule reads"
              isOn={draft.scratch === true}
              set={(isOn) => {
                const { scratch: _old, ...others } = draft;
                setDraft((isOn ? { ...others, scratch: true } : others) as Spec);
              }}
            />
          </div>
          <div class="acts span">
            <button type="submit" class="btn pri" disabled={isBusy || name === ''}>
              Save and test
            </button>
            <a class="btn" href={linkTo('schedules', { show: 'sources' })}>
              Cancel
            </a>
          </div>
        </div>
      </form>
      {isRemoving && id !== undefined && (
        <RemoveDialog
          what="the source"
          name={id}
          close={() => setRemoving(false)}
          remove={async () => {
            await client.call('removeSource', { params: { id } });
            tell(`${id} is removed`);
            go(linkTo('schedules', { show: 'sources' }));
          }}
        >
          Its backups stay. One that a schedule reads, or drills into, is not removed.
        </RemoveDialog>
      )}
      <Term name="Source" command="brs source add --help" keys={[]} />
    </>
  );
}

/** What would be sent; undefined with what is wrong, where that may be a secret: then nothing is. */
function madeOf(draft: Spec, headers: string, lists: Record<List, string>): { spec?: Spec; faults: Faults } {
  const { tables: _tables, exclude: _exclude, headers: _headers, ...rest } = draft;
  const faults = new Map<string, string>();
  if (draft.password !== undefined && !isReference(draft.password)) faults.set('/password', NO_REFERENCE);
  const given = draft.kind === 'http' ? headersOf(headers) : {};
  if (given === undefined) faults.set('/headers', 'must be lines of a name, a colon and a value');
  const bare = given && bareSecretIn(given);
  if (bare !== undefined) faults.set('/headers', `${bare} looks like a secret. ${NO_REFERENCE}`);
  if (URL.canParse(draft.url ?? '') && new URL(draft.url ?? '').password !== '')
    faults.set('/url', `must be without a password. ${NO_REFERENCE}`);
  if (faults.size > 0) return { faults };
  const named = (['tables', 'exclude'] as const)
    .filter(() => hasTables(draft.kind))
    .map((member) => [member, listOf(lists[member])] as const)
    .filter(([, names]) => names.length > 0);
  const spec = {
    ...rest,
    ...(given !== undefined && Object.keys(given).length > 0 ? { headers: given } : {}),
    ...Object.fromEntries(named),
  } as Spec;
  return { spec, faults };
}
