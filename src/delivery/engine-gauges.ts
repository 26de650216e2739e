import { Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { DeliveryEngine } from './delivery-engine.js';

/** How much one process works on. */
@Injectable()
export class EngineGauges {
  constructor(metrics: Metrics, engine: DeliveryEngine) {
    metrics.gauge('deliveries_in_flight', 'Deliveries this process has claimed.', () => engine.inFlight);
    metrics.gauge('delivery_room', 'Deliveries this process could claim besides.', () => engine.room);
  }
}
