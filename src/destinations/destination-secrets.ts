import { Injectable } from '@nestjs/common';
import { SealedBox } from '../common/crypto/sealed-box.js';
import type { HeaderMap } from './destination-headers.js';

/** Keeps headers and signing secrets of destinations encrypted, each value bound to the id of its row. */
@Injectable()
export class DestinationSecrets {
  constructor(private readonly box: SealedBox) {}

  sealHeaders(destinationId: string, headers: HeaderMap): { headersSealed: string; headerNames: string[] } {
    return {
      headersSealed: this.box.seal(JSON.stringify(headers), destinationId),
      headerNames: Object.keys(headers),
    };
  }

  openHeaders(destinationId: string, sealed: string): HeaderMap {
    return JSON.parse(this.box.open(sealed, destinationId)) as HeaderMap;
  }

  sealSigningSecret(destinationId: string, secret: string): string {
    return this.box.seal(secret, destinationId);
  }

  openSigningSecret(destinationId: string, sealed: string): string {
    return this.box.open(sealed, destinationId);
  }
}
