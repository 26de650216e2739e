import { AccountToken } from './accounts/account-token.entity.js';
import { Account } from './accounts/account.entity.js';
import { ApiKey } from './auth/api-key.entity.js';
import { AuditEntry } from './audit/audit-entry.entity.js';
import { RefreshToken } from './auth/refresh-token.entity.js';
import { Destination } from './destinations/destination.entity.js';
import { Attempt } from './events/attempt.entity.js';
import { Delivery } from './events/delivery.entity.js';
import { EventKey } from './events/event-key.entity.js';
import { Event } from './events/event.entity.js';
import { FinishedDelivery } from './events/finished-delivery.entity.js';
import { ManualLogEntry } from './logs/manual-log-entry.entity.js';
import { Member } from './members/member.entity.js';
import { RecoveryDestination } from './recoveries/recovery-destination.entity.js';
import { Recovery } from './recoveries/recovery.entity.js';
import { SearchBlock } from './search/search-block.entity.js';
import { SearchMark } from './search/search-mark.entity.js';
import { User } from './users/user.entity.js';

/** Every entity of the product. Each process knows all of them, whichever modules it loads. */
export const entities = [
  User,
  RefreshToken,
  ApiKey,
  AuditEntry,
  Account,
  AccountToken,
  Member,
  Destination,
  Event,
  EventKey,
  Delivery,
  FinishedDelivery,
  Attempt,
  ManualLogEntry,
  Recovery,
  RecoveryDestination,
  SearchBlock,
  SearchMark,
];
