import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiProperty } from '@nestjs/swagger';
import { ViewField, jsonObjectOrArray } from '../common/http/fields.js';

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

  @ViewField('uuid', { isArray: true, description: 'Ids of the destinations that will receive it' })
  destinations: string[];
}

/** Documents CL-X-EVENT-ID. */
export const TakesEventId = () =>
  ApiHeader({
    name: 'CL-X-EVENT-ID',
    required: false,
    description:
      'Your id of the event: 1 to 255 visible ASCII characters. Sent again with the same body it gets the first ' +
      'receipt, with another body 409. Without it an id is made, unless the account requires one',
    schema: { type: 'string', minLength: 1, maxLength: 255, example: 'evt-2025-06-15-0001' },
  });

/** Documents the body of an event. */
export const TakesEvent = () =>
  applyDecorators(
    ApiConsumes('application/json'),
    ApiBody({
      schema: jsonObjectOrArray(),
      description: 'Any JSON object or array; destinations receive exactly these bytes',
      examples: eventExamples,
    }),
  );

const eventExamples = {
  update: {
    summary: 'A change of a user',
    value: {
      event_type: 'user.update',
      timestamp: '2025-06-15T13:05:00Z',
      data: {
        user: {
          id: 'USR-123',
          email: 'test123@example.com',
          update_type: 'profile_change',
          changes: {
            name: { old: 'John Doe', new: 'John Smith' },
            phone: { old: null, new: '+1234567890' },
          },
        },
        metadata: {
          source: 'api',
          version: '1.0',
          app_id: 'ff9a24e3-fe44-4d15-a049-ffa761c99a04',
          timestamp: '2025-06-15T13:05:00Z',
          ip_address: '192.168.1.1',
        },
      },
    },
  },
  signUp: {
    summary: 'A sign-up',
    value: { name: 'John Doe', email: 'john.doe@example.com', action: 'user.signup' },
  },
};
