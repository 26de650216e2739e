import { useState } from 'preact/hooks';
import { type Account, call } from '../api.js';
import { useList } from '../loading.js';
import { goTo } from '../route.js';
import type { SignedInUser } from '../session.js';
import { type FieldSpec, FormDialog, Table, Time } from '../ui.js';

export function AccountsPage({ user }: { user: SignedInUser }) {
  const [q, setQ] = useState('');
  const [isCreating, setCreating] = useState(false);
  const list = useList<Account>(`/accounts${q && `?q=${encodeURIComponent(q)}`}`);
  return (
    <>
      <div class="title">
        <h1>Accounts</h1>
        <input
          type="search"
          placeholder="Name, e-mail or web site"
          aria-label="Search accounts"
          onChange={(event) => setQ(event.currentTarget.value.trim())}
        />
        {user.role === 'Admin' && (
          <button class="main" onClick={() => setCreating(true)}>
            New account
          </button>
        )}
      </div>
      <Table
        list={list}
        heads={['Name', 'Web site', 'E-mail', 'Created']}
        none={q ? 'No account matches.' : 'There is no account you may see.'}
        row={(account) => [
          <a href={`#/accounts/${account.id}`}>{account.account_name}</a>,
          account.website,
          account.email,
          <Time at={account.created_at} />,
        ]}
      />
      {isCreating && (
        <FormDialog
          title="New account"
          fields={accountFields()}
          action="Create"
          close={() => setCreating(false)}
          submit={async (values) => {
            const created = await call<Account>('POST', '/accounts', toAccountBody(values));
            goTo(`/accounts/${created.id}`);
          }}
        />
      )}
    </>
  );
}

export function accountFields(account?: Account): FieldSpec[] {
  return [
    { name: 'account_name', label: 'Name', required: true, value: account?.account_name },
    { name: 'website', label: 'Web site', type: 'url', value: account?.website ?? '' },
    { name: 'email', label: 'E-mail', type: 'email', value: account?.email ?? '' },
  ];
}

export const toAccountBody = ({ account_name, website, email }: Record<string, string>) => ({
  account_name,
  website: website || null,
  email: email || null,
});
