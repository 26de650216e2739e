import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { FlatMembersController } from './flat-members.controller.js';
import { Member } from './member.entity.js';
import { MembersController } from './members.controller.js';
import { MembersService } from './members.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Member]), AuditModule],
  controllers: [MembersController, FlatMembersController],
  providers: [MembersService],
})
export class MembersModule {}
