import { Controller, Get, HttpCode, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Operation } from '../auth/operation.js';
import { DEGRADED_AFTER_SECONDS, HealthService, type Readiness } from './health.service.js';

class LivenessView {
  @ApiProperty({ enum: ['ok'] })
  status: 'ok';
}

class ReadinessView implements Readiness {
  @ApiProperty({ enum: ['ok', 'unavailable'], enumName: 'ReadinessStatus' })
  status: 'ok' | 'unavailable';

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { database: 'ok', queue: 'ok', deliveries: 'ok' },
    description: 'Each part with "ok" or what is missing',
  })
  checks: Record<string, string>;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0,
    description: `How long the oldest delivery that is due has waited for a worker; past ${DEGRADED_AFTER_SECONDS} the check is degraded`,
  })
  oldest_overdue_seconds: number | null;
}

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Operation('checkLive', 'Is the process alive')
  @ApiOkResponse({ type: LivenessView })
  live(): LivenessView {
    return { status: 'ok' };
  }

  @Get('ready')
  @HttpCode(200)
  @ApiServiceUnavailableResponse({ type: ReadinessView })
  @Operation('checkReady', 'Can the process do its work; says what is missing')
  @ApiOkResponse({ type: ReadinessView })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessView> {
    const readiness = await this.health.readiness();
    if (readiness.status !== 'ok') void reply.status(503);
    return readiness;
  }
}
