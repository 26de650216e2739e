import { call } from '../api.js';
import { signedIn } from '../session.js';
import { Form } from '../ui.js';

export function SignInPage() {
  return (
    <main class="narrow">
      <h1>Data Pusher</h1>
      <p class="hint">Sign in to manage accounts, their destinations and what they received.</p>
      <Form
        fields={[
          { name: 'email', label: 'E-mail', type: 'email', required: true },
          { name: 'password', label: 'Password', type: 'password', required: true },
        ]}
        action="Sign in"
        submit={async (values) => signedIn(await call('POST', '/user/login', values))}
      />
    </main>
  );
}
