/** Under which a handler's operation is found. */
export const OPERATION = 'data-pusher:operation';
