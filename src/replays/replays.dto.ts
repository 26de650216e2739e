import { ApiProperty } from '@nestjs/swagger';
import { StringListField, ViewField } from '../common/http/fields.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class ReplayEventDto {
  @StringListField({
    about:
      'Where to send it, whatever types they take; held where paused or disabled. ' +
      'Without it: every active destination that takes events of this type now',
    example: ['01890a5d-ac96-774b-bcce-b302099a8057'],
    maxItems: 100,
    pattern: UUID,
    rule: 'must be ids of destinations',
    optional: true,
  })
  destination_ids?: string[];
}

export class ReplayedDeliveryView {
  @ViewField('uuid', { description: 'Of the new delivery, its CL-X-DELIVERY-ID' })
  id: string;

  @ViewField('uuid')
  destination_id: string;

  @ApiProperty({ enum: ['pending', 'held'], enumName: 'ReplayStatus' })
  status: 'pending' | 'held';
}

export class ReplayView {
  @ViewField('uuid', { description: 'Our id of the event' })
  id: string;

  @ApiProperty({ description: "The producer's id of the event", example: 'order-1' })
  event_id: string;

  @ApiProperty({ type: [String], description: 'Ids of the new deliveries' })
  delivery_ids: string[];

  @ApiProperty({ type: [ReplayedDeliveryView], description: 'The same, with where each goes' })
  deliveries: ReplayedDeliveryView[];
}
