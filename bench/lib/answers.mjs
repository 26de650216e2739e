/**
 * The child's side of processes.mjs: answers each message by the handler it names. The process ends with its
 * parent, so that an interrupted benchmark leaves nothing behind.
 */
export function answer(handlers) {
  process.on('message', ({ id, name, input }) => {
    void Promise.resolve(input)
      .then(handlers[name])
      .then(
        (result) => process.send({ id, result }),
        (error) => process.send({ id, error: error.stack }),
      );
  });
  process.on('disconnect', () => process.exit());
}

/** Tells the parent that messages may come, with what it has to know first. */
export function ready(result = {}) {
  process.send({ id: 0, result });
}

/** Microseconds of CPU this process has used. */
export function cpuMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
