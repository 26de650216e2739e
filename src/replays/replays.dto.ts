import { ApiProperty } from '@nestjs/swagger';
import { IdListField, ViewField } from '../common/http/fields.js';

export class ReplayEventDto {
  @IdListField({
    about:
      'Where to send it, whatever types they take; held where paused or disabled. ' +
      'Without it: every active destination that takes events of this type now',
    maxItems: 100,
    of: 'destinations',
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
