import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { UsersModule } from '../users/users.module.js';
import { BoardAccess } from './board-access.js';

@Module({ imports: [AuthModule, UsersModule], providers: [BoardAccess] })
export class BoardModule {}
