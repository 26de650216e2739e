import { ApiProperty } from '@nestjs/swagger';
import { ViewField } from '../common/http/fields.js';

/** Documents the body of a test; it is read by hand (test-payload.ts). */
export class TestDestinationDto {
  @ApiProperty({
    required: false,
    description: 'What to send, written anew as compact JSON; an example without it',
    oneOf: [
      { type: 'object', additionalProperties: true },
      { type: 'array', items: {} },
    ],
    example: { event_type: 'user.update', data: { id: 'USR-123' } },
  })
  payload?: unknown;
}

/** The log tells by `event_id` what came of it. */
export class TestEventView {
  @ViewField('uuid', { description: 'Our id of the event' })
  id: string;

  @ApiProperty({ description: 'The id under which the log has it', example: 'test-1f0c9a52' })
  event_id: string;

  @ViewField('uuid', { description: 'Also in the header CL-X-DELIVERY-ID of the request' })
  delivery_id: string;

  @ViewField('uuid')
  destination_id: string;
}
