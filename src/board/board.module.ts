import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { BoardAccess } from './board-access.js';

@Module({ imports: [AuthModule], providers: [BoardAccess] })
export class BoardModule {}
