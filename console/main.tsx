// The console: who is not signed in sees that and nothing else; then the screen that the URL names.

import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { listenToKeys } from './app/keys.ts';
import { useLoad } from './app/load.ts';
import { followLinks, linkTo, route, type Screen } from './app/router.ts';
import { learnSession, session } from './app/session.ts';
import { Empty, Failure } from './parts/common.tsx';
import { Sprite } from './parts/icon.tsx';
import { Shell } from './parts/shell.tsx';
import { Activity } from './screens/activity.tsx';
import { Audit } from './screens/audit.tsx';
import { Compare } from './screens/compare.tsx';
import { History } from './screens/history.tsx';
import { Overview } from './screens/overview.tsx';
import { Resource } from './screens/resource.tsx';
import { Retention } from './screens/retention.tsx';
import { SignIn } from './screens/sign-in.tsx';
import { State } from './screens/state.tsx';
import { Tokens } from './screens/tokens.tsx';
import { Trash } from './screens/trash.tsx';

const SCREENS: Record<Screen, (props: { asked: Record<string, string> }) => preact.JSX.Element> = {
  overview: Overview,
  resource: Resource,
  state: State,
  history: History,
  compare: Compare,
  activity: Activity,
  trash: Trash,
  retention: Retention,
  audit: Audit,
  tokens: Tokens,
};

function App() {
  const learned = useLoad(async () => learnSession().then(() => true), []);
  useEffect(() => {
    followLinks();
    listenToKeys();
  }, []);
  const now = session.value;
  if (now === undefined) {
    return learned.error === undefined ? null : (
      <main class="alone">
        <Failure error={learned.error} what="The service was not reached" retry={learned.reload} />
      </main>
    );
  }
  if (!now.signedIn) return <SignIn />;
  const { screen, asked } = route.value;
  const Shown = screen === undefined ? NotHere : SCREENS[screen];
  return (
    <Shell>
      <Shown key={`${screen} ${asked.id ?? ''}`} asked={asked} />
    </Shell>
  );
}

function NotHere() {
  return (
    <Empty
      title="There is no such view"
      act={
        <a class="btn" href={linkTo('overview')}>
          Overview
        </a>
      }
    />
  );
}

render(
  <>
    <Sprite />
    <App />
  </>,
  document.getElementById('app')!,
);
