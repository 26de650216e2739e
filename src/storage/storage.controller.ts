import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Operation } from '../auth/operation.js';
import { StorageView } from './storage.dto.js';
import { StorageService } from './storage.service.js';

@ApiTags('Storage')
@Controller('storage')
export class StorageController {
  constructor(private readonly storage: StorageService) {}

  @Get()
  @Operation('getStorage', 'Read how much is stored, day by day, and when it is removed')
  @ApiOkResponse({ type: StorageView })
  get(): Promise<StorageView> {
    return this.storage.get();
  }
}
