// A channel is made or changed: who is told, by which way, of what. Secrets are named by where they stand; what is none is not sent.

import { useState } from 'preact/hooks';
import type { Answer, CallInput } from '../../lib/client/contract.ts';
import {
  areShown,
  type Faults,
  faultsIn,
  isReference,
  listOf,
  NO_FAULTS,
  NO_REFERENCE,
} from '../app/forms.ts';
import { useLoad } from '../app/load.ts';
import { go, linkTo } from '../app/router.ts';
import { client } from '../app/session.ts';
import { Empty, Failure, Head, Show, Term } from '../parts/common.tsx';
import { ChoiceField, TextField } from '../parts/form.tsx';
import { tell } from '../parts/toast.tsx';

type Channel = Answer<'Channel'>;
type Kind = Channel['target']['kind'];
type Member = 'url' | 'secrets' | 'server' | 'user' | 'password' | 'from' | 'to' | 'topicArn';
type Texts = Partial<Record<Member, string>>;

const KINDS: readonly (readonly [Kind, string])[] = [
  ['webhook', 'Webhook, signed'],
  ['slack', 'Slack'],
  ['teams', 'Teams'],
  ['discord', 'Discord'],
  ['mail', 'Mail'],
  ['ping', 'Ping, as healthchecks.io'],
  ['sns', 'Topic of SNS'],
];
const LISTS: readonly Member[] = ['secrets', 'to'];
const SECRETS =
  'env:NAME, file:/run/secrets/x or secretsmanager:arn; the newest first, with commas between them';
const CHAT: readonly (readonly [Member, string, string, boolean?])[] = [
  ['url', 'URL stands at', 'who has it may write there, so it is a secret: env:SLACK_URL', true],
];
const MEMBERS: Readonly<Record<Kind, readonly (readonly [Member, string, string, boolean?])[]>> = {
  webhook: [
    ['url', 'URL', 'https://example.com/hooks/backups, or where one stands', true],
    ['secrets', 'Signing secrets stand at', SECRETS, true],
  ],
  slack: CHAT,
  teams: CHAT,
  discord: CHAT,
  ping: [['url', 'URL', 'https://hc-ping.com/…, or where one stands', true]],
  mail: [
    ['server', 'Server', 'smtps://host:465 or smtp://host:587', true],
    ['from', 'From', 'Backups <backups@example.org>', true],
    ['to', 'To', 'addresses with commas between them', true],
    ['user', 'User', 'with a password, or neither'],
    ['password', 'Password stands at', 'env:NAME or file:/run/secrets/x; said only over TLS'],
  ],
  sns: [['topicArn', 'ARN of the topic', 'one that the deployment names (notifyTopicArns)', true]],
};
const MEMBERS_ALL = ['url', 'secrets', 'server', 'user', 'password', 'from', 'to', 'topicArn', 'kind'];
const POINTERS = [
  ...['/path/channelId', '/events', '/resources', '/target'],
  ...MEMBERS_ALL.map((member) => `/target/${member}`),
];

export function ChannelForm({ id }: { id?: string }) {
  const loaded = useLoad(
    async (signal) => (id === undefined ? [] : (await client.call('listChannels', {}, { signal })).channels),
    [id],
  );
  const title = id === undefined ? 'New channel' : `Change ${id}`;
  return (
    <>
      <Head
        title={title}
        crumbs={[
          { text: 'Notifications', href: linkTo('notifications') },
          ...(id === undefined ? [] : [{ text: id, href: linkTo('notifications', { id }) }]),
          { text: title },
        ]}
        answer="Who is told, and of what. A test takes the way of all that is told: send one once it is saved."
      />
      <Show loaded={loaded} what="The channel could not be read">
        {(channels) => {
          const channel = channels.find((one) => one.id === id);
          if (id !== undefined && channel === undefined)
            return <Empty title={`There is no channel “${id}”`} />;
          return <Editor key={id ?? ''} {...(channel === undefined ? {} : { channel })} />;
        }}
      </Show>
    </>
  );
}

/** What is shown of a URL may be a part of it: that is not what is set. */
const isCut = (url: string): boolean => url.endsWith('/…');

function textsOf({ target }: Channel): Texts {
  const pairs = Object.entries(target).flatMap(([member, value]): [string, string][] => {
    if (member === 'kind') return [];
    if (member === 'url' && isCut(String(value))) return [];
    return [[member, Array.isArray(value) ? value.join(', ') : String(value)]];
  });
  return Object.fromEntries(pairs) as Texts;
}

function Editor({ channel }: { channel?: Channel }) {
  const [name, setName] = useState(channel?.id ?? '');
  const [kind, setKind] = useState<Kind>(channel?.target.kind ?? 'webhook');
  const [texts, setTexts] = useState<Texts>(channel === undefined ? {} : textsOf(channel));
  const [events, setEvents] = useState((channel?.events ?? []).join(', '));
  const [resources, setResources] = useState((channel?.resources ?? []).join(', '));
  const [faults, setFaults] = useState<Faults>(NO_FAULTS);
  const [error, setError] = useState<unknown>(undefined);
  const cut = channel !== undefined && 'url' in channel.target && isCut(channel.target.url);
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const bare = bareIn(kind, texts);
    setFaults(bare);
    setError(undefined);
    if (bare.size > 0) return;
    const [told, of] = [listOf(events), listOf(resources)];
    const body = {
      target: targetOf(kind, texts),
      ...(told.length === 0 ? {} : { events: told }),
      ...(of.length === 0 ? {} : { resources: of }),
    } as NonNullable<CallInput<'putChannel'>['body']>;
    try {
      await client.call('putChannel', { params: { channelId: name }, body });
      tell(`${name} is set`);
      go(linkTo('notifications', { id: name }));
    } catch (refused) {
      setFaults(faultsIn(refused));
      setError(refused);
    }
  };
  return (
    <>
      {error !== undefined && !areShown(faults, POINTERS) && (
        <Failure error={error} what="The channel was not set" />
      )}
      <form class="panel" onSubmit={(event) => void save(event)}>
        <div class="pb formgrid">
          {channel === undefined && (
            <TextField
              label="Name"
              hint="lower-case letters, digits and hyphens: ops"
              at="/path/channelId"
              {...{ faults, value: name, set: setName, isRequired: true }}
            />
          )}
          <ChoiceField
            label="Way"
            at="/target/kind"
            choices={KINDS}
            value={kind}
            set={setKind}
            {...{ faults, isFixed: channel !== undefined }}
          />
          {MEMBERS[kind].map(([member, label, hint, isRequired]) => (
            <TextField
              key={`${kind} ${member}`}
              at={`/target/${member}`}
              value={texts[member] ?? ''}
              set={(text) => setTexts({ ...texts, [member]: text })}
              hint={
                member === 'url' && cut
                  ? 'of the one that is set only where it leads is shown: type it anew'
                  : hint
              }
              isMono
              isWide={member === 'url' || member === 'secrets' || member === 'to'}
              {...{ label, faults, isRequired: isRequired === true }}
              {...(member === 'url' && cut ? { placeholder: (channel.target as { url: string }).url } : {})}
            />
          ))}
          <TextField
            label="Told of"
            hint="names of events, with a * at the end for all that begin so; without it of what somebody has to hear of"
            placeholder="backup.failed, backup.late, …"
            at="/events"
            value={events}
            set={setEvents}
            isMono
            isWide
            faults={faults}
          />
          <TextField
            label="Only resources"
            hint="ids, or how they begin: shop, prod/*"
            placeholder="all"
            at="/resources"
            value={resources}
            set={setResources}
            isMono
            isWide
            faults={faults}
          />
          <div class="acts span">
            <button type="submit" class="btn pri" disabled={name === ''}>
              Save
            </button>
            <a class="btn" href={linkTo('notifications', channel === undefined ? {} : { id: channel.id })}>
              Cancel
            </a>
          </div>
        </div>
      </form>
      <Term name="Channel" command="brs notify add --help" keys={[]} />
    </>
  );
}

/** Secrets that are none of where one stands: nothing is sent then. */
function bareIn(kind: Kind, texts: Texts): Faults {
  const faults = new Map<string, string>();
  const demand = (member: Member, all: readonly string[]): void => {
    if (!all.every(isReference)) faults.set(`/target/${member}`, NO_REFERENCE);
  };
  if (kind === 'webhook') demand('secrets', listOf(texts.secrets ?? ''));
  if (kind === 'mail' && (texts.password ?? '') !== '') demand('password', [texts.password ?? '']);
  if (MEMBERS[kind] === CHAT) demand('url', [texts.url ?? '']);
  return faults;
}

function targetOf(kind: Kind, texts: Texts): object {
  const given = MEMBERS[kind]
    .map(([member]) => [member, texts[member]?.trim() ?? ''] as const)
    .filter(([, text]) => text !== '')
    .map(([member, text]) => [member, LISTS.includes(member) ? listOf(text) : text] as const);
  return { kind, ...Object.fromEntries(given) };
}
