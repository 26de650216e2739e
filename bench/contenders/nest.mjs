// C2: the same as C1 in Nest, without guards, pipes or interceptors. What the framework adds to HTTP.
import 'reflect-metadata';
import { Controller, HttpCode, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { answer, cpuMicros, ready } from '../lib/answers.mjs';

class EventsController {
  receive(request) {
    return { bytes: request.body.length };
  }
}
// Decorators applied by hand: this file runs as it is, without a compiler.
const receive = Object.getOwnPropertyDescriptor(EventsController.prototype, 'receive');
Post()(EventsController.prototype, 'receive', receive);
HttpCode(202)(EventsController.prototype, 'receive', receive);
Req()(EventsController.prototype, 'receive', 0);
Controller('events')(EventsController);

class AppModule {}
Module({ controllers: [EventsController] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false, bodyParser: false });
app
  .getHttpAdapter()
  .getInstance()
  .addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
await app.listen(0, '127.0.0.1');
answer({ usage: () => ({ cpuMicros: cpuMicros() }) });
ready({ port: app.getHttpServer().address().port, path: '/events' });
