import { AccountPage } from './pages/account.js';
import { AccountsPage } from './pages/accounts.js';
import { EventPage } from './pages/event.js';
import { SignInPage } from './pages/sign-in.js';
import { useRoute } from './route.js';
import { type SignedInUser, openQueues, signOut, useSignedInUser } from './session.js';

export function App() {
  const user = useSignedInUser();
  if (!user) return <SignInPage />;
  return (
    <>
      <header>
        <a class="name" href="#/">
          Data Pusher
        </a>
        <nav>
          <a href="#/">Accounts</a>
          {user.role === 'Admin' && (
            <a href="/queues" onClick={toQueues}>
              Queues
            </a>
          )}
          <a href="/swagger">API</a>
        </nav>
        <span class="who">{user.email}</span>
        <button class="quiet" onClick={() => void signOut()}>
          Sign out
        </button>
      </header>
      <main>
        <CurrentPage user={user} />
      </main>
    </>
  );
}

function toQueues(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void openQueues();
}

function CurrentPage({ user }: { user: SignedInUser }) {
  const [, accountId, section, eventId] = useRoute();
  if (!accountId) return <AccountsPage user={user} />;
  if (section === 'incoming-data' && eventId) return <EventPage accountId={accountId} eventId={eventId} />;
  return (
    <AccountPage key={accountId} accountId={accountId} section={section ?? 'destinations'} user={user} />
  );
}
