import { UuidField } from './fields.js';

/** The list of one account only, asked for where the path names none. */
export class AccountQuery {
  @UuidField({ about: 'Only of this account', optional: true })
  account_id?: string;
}

/** The account of a body whose path names none. The guard has seen that one of the two is there. */
export class AccountBody {
  @UuidField({ about: 'The account it belongs to', optional: true })
  account_id?: string;

  @UuidField({ about: 'The same as account_id, which may be sent instead', optional: true })
  account?: string;
}
