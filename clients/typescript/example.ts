import { connect } from '@data-pusher/client';

/** Signs in, makes an account with a destination, and sends it an event. */
export async function sendFirstEvent(baseUrl: string, email: string, password: string, hook: string) {
  const { data: session } = await connect({ baseUrl }).loginUser({
    body: { email, password },
    throwOnError: true,
  });
  const admin = connect({ baseUrl, token: session.access_token });
  const { data: account } = await admin.createAccount({
    body: { account_name: 'Example' },
    throwOnError: true,
  });
  await admin.createDestination({ path: { accountId: account.id }, body: { url: hook }, throwOnError: true });
  const producer = connect({ baseUrl, accountToken: account.app_secret_token });
  const { data: receipt, error } = await producer.receiveData({
    body: { event_type: 'user.update', id: 'USR-123' },
  });
  return error ? `${error.code}: ${error.detail}` : `${receipt.message} as ${receipt.event_id}`;
}
