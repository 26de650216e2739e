import { useState } from 'preact/hooks';
import { ApiProblem, call } from '../api.js';
import { signedIn } from '../session.js';
import { type FieldSpec, Form } from '../ui.js';

const EMAIL: FieldSpec = { name: 'email', label: 'E-mail', type: 'email', required: true };

export function SignInPage() {
  const [isRegistering, setRegistering] = useState(false);
  return (
    <main class="narrow">
      <h1>Data Pusher</h1>
      {isRegistering ? <Register /> : <SignIn />}
      <p class="hint">
        {isRegistering ? 'Registered already?' : 'A new installation? Who registers first becomes its Admin.'}{' '}
        <button class="quiet" onClick={() => setRegistering(!isRegistering)}>
          {isRegistering ? 'Back to sign in' : 'Register'}
        </button>
      </p>
    </main>
  );
}

function SignIn() {
  return (
    <>
      <p class="hint">Sign in to manage accounts, their destinations and what they received.</p>
      <Form
        fields={[EMAIL, { name: 'password', label: 'Password', type: 'password', required: true }]}
        action="Sign in"
        submit={signIn}
      />
    </>
  );
}

/** Whether anybody may register is not asked before: the answer says so, and the first user is always let in. */
function Register() {
  return (
    <>
      <p class="hint">The first user of an installation becomes its Admin.</p>
      <Form
        fields={[
          EMAIL,
          {
            name: 'password',
            label: 'Password',
            type: 'password',
            required: true,
            autocomplete: 'new-password',
            hint: '8 characters or more',
          },
          {
            name: 'repeated',
            label: 'Repeat the password',
            type: 'password',
            required: true,
            autocomplete: 'new-password',
          },
          { name: 'invite_token', label: 'Invitation', hint: 'The token of it, if you got one' },
        ]}
        action="Register"
        submit={register}
      />
    </>
  );
}

async function register({ email, password, repeated, invite_token }: Record<string, string>): Promise<void> {
  if (password !== repeated) throw new ApiProblem(400, NOT_REPEATED);
  const invitation = invite_token!.trim();
  await call('POST', '/user/register', { email, password, ...(invitation && { invite_token: invitation }) });
  await signIn({ email: email!, password: password! });
}

async function signIn({ email, password }: Record<string, string>): Promise<void> {
  signedIn(await call('POST', '/user/login', { email, password }));
}

const NOT_REPEATED = {
  detail: 'The passwords differ.',
  errors: [{ field: 'repeated', message: 'differs from the password above' }],
};
