/** The groups of operations, in the order in which the pages show them. A controller names its own in `@ApiTags`. */
export const tagDescriptions: Record<string, string> = {
  Users: 'Registration, sign-in, profiles and the users of the installation.',
  'API keys': 'Named bearer keys for programs; a key acts as the user who made it.',
  Tokens: 'Signing in and refreshing in the words of other APIs; sessions and limits are the same.',
  Accounts: 'Whoever sends events: each account has a token for its producers and a limit of its own.',
  Destinations: 'Where the events of an account are sent, how, and which of them.',
  Members: 'Who may see and change an account; unknown e-mails are invited.',
  'Incoming data': 'What producers send. A 2xx means that the event is committed and will be delivered.',
  Logs: 'What became of every event: its deliveries and every attempt of each.',
  Replays: 'Sends one event again, to every destination or to some.',
  Recoveries: 'Send again whatever a filter finds, in the background; a crash does not end them.',
  Reconciliation: 'Accounts for every accepted event: nothing is lost, and this shows it.',
  Storage: 'How much is stored, and when it is removed.',
  Audit: 'Who changed what and when.',
  Health: 'Whether the process lives, and whether it can do its work.',
};
