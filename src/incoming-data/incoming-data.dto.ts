import { ApiProperty } from '@nestjs/swagger';
import { ViewField } from '../common/http/fields.js';

/** The answer to an event: it is committed, and these destinations will get it. */
export class ReceiptView {
  @ApiProperty({ enum: [true] })
  success: true;

  @ApiProperty({ example: 'Data Received' })
  message: string;

  @ViewField('uuid', { description: 'Our id of the event' })
  id: string;

  @ApiProperty({ description: 'CL-X-EVENT-ID, or the id that was made where none was sent' })
  event_id: string;

  @ApiProperty({ description: 'True when the same event was accepted before; nothing is sent again' })
  duplicate: boolean;

  @ApiProperty({ type: [String], description: 'Ids of the destinations that will receive it' })
  destinations: string[];
}
