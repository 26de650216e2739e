import { type DynamicModule, Global, Module } from '@nestjs/common';
import { SealedBox, parseEncryptionKeys } from '../common/crypto/sealed-box.js';
import { AddressPolicy, parseEgressAllow } from '../common/egress/address-policy.js';
import { LOGGER, createLogger } from '../common/logger.js';
import { AppConfig } from './app-config.js';

/** Makes the configuration and what follows from it alone injectable everywhere. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: AppConfig, useValue: config },
        { provide: LOGGER, useValue: createLogger(config.env.LOG_LEVEL, config.logTo) },
        {
          provide: SealedBox,
          useValue: new SealedBox(parseEncryptionKeys(config.secrets.encryptionKeys)),
        },
        {
          provide: AddressPolicy,
          useValue: new AddressPolicy(config.egressAllow ? parseEgressAllow(config.egressAllow) : []),
        },
      ],
      exports: [AppConfig, LOGGER, SealedBox, AddressPolicy],
    };
  }
}
