import { useState } from 'preact/hooks';
import { type Account, call } from '../api.js';
import { useLoaded } from '../loading.js';
import { goTo } from '../route.js';
import type { SignedInUser } from '../session.js';
import { Alert, Danger, FormDialog } from '../ui.js';
import { accountFields, toAccountBody } from './accounts.js';
import { Destinations } from './destinations.js';
import { IncomingData } from './incoming-data.js';

const SECTIONS = { destinations: 'Destinations', 'incoming-data': 'Incoming data' };

interface AccountPageProps {
  accountId: string;
  section: string;
  user: SignedInUser;
}

export function AccountPage({ accountId, section, user }: AccountPageProps) {
  const { data: account, error, reload } = useLoaded<Account>(`/accounts/${encodeURIComponent(accountId)}`);
  const [isEditing, setEditing] = useState(false);
  const [failure, setFailure] = useState<Error | null>(null);
  if (!account) return error ? <Alert error={error} /> : <p class="hint">Loading …</p>;
  const path = `/accounts/${account.id}`;
  const act = (work: Promise<unknown>, then: () => void): void => void work.then(then, setFailure);
  return (
    <>
      <div class="title">
        <h1>{account.account_name}</h1>
        {account.app_secret_token && <button onClick={() => setEditing(true)}>Edit</button>}
        {user.role === 'Admin' && (
          <Danger
            label="Delete"
            question={`Delete ${account.account_name}? Its events are refused at once and its data is removed.`}
            act={() => act(call('DELETE', path), () => goTo('/'))}
          />
        )}
      </div>
      <Alert error={failure} />
      <p class="hint">{[account.website, account.email].filter(Boolean).join(' · ')}</p>
      {account.app_secret_token && (
        <Token
          token={account.app_secret_token}
          rotate={() => act(call('POST', `${path}/rotate-token`, {}), reload)}
        />
      )}
      <nav class="tabs">
        {Object.entries(SECTIONS).map(([key, label]) => (
          <a key={key} href={`#${path}/${key}`} aria-current={key === section ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      {section === 'incoming-data' ? (
        <IncomingData accountId={account.id} />
      ) : (
        <Destinations accountId={account.id} isAdmin={account.app_secret_token !== undefined} />
      )}
      {isEditing && (
        <FormDialog
          title={`Edit ${account.account_name}`}
          fields={accountFields(account)}
          action="Save"
          close={() => setEditing(false)}
          submit={(values) => call('PATCH', path, toAccountBody(values)).then(reload)}
        />
      )}
    </>
  );
}

function Token({ token, rotate }: { token: string; rotate: () => void }) {
  const [isShown, setShown] = useState(false);
  return (
    <p class="token">
      <span>CL-X-TOKEN</span>
      <code>{isShown ? token : '•'.repeat(24)}</code>
      <button class="quiet" onClick={() => setShown(!isShown)}>
        {isShown ? 'Hide' : 'Show'}
      </button>
      <button class="quiet" onClick={() => void navigator.clipboard.writeText(token)}>
        Copy
      </button>
      <Danger
        label="Rotate"
        question="Make a new token? The one in use stops working at once."
        act={rotate}
      />
    </p>
  );
}
