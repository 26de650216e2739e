// C1: bare Fastify, the body is read and nothing else happens. What HTTP alone costs in Node.
import Fastify from 'fastify';
import { answer, cpuMicros, ready } from '../lib/answers.mjs';

const fastify = Fastify();
fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);
fastify.post('/events', (request, reply) => {
  reply.code(202).send({ bytes: request.body.length });
});
await fastify.listen({ port: 0, host: '127.0.0.1' });
answer({ usage: () => ({ cpuMicros: cpuMicros() }) });
ready({ port: fastify.server.address().port, path: '/events' });
