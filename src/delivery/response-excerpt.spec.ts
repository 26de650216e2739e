import { expect, it } from 'vitest';
import { ResponseExcerpt } from './response-excerpt.js';

it('keeps what came, whatever is read into the same memory afterwards', () => {
  const memory = Buffer.from('one');
  const excerpt = new ResponseExcerpt(5);
  excerpt.add(memory);
  memory.write('two');
  excerpt.add(memory);
  memory.fill('x');
  expect([excerpt.toText(), excerpt.readBytes]).toEqual(['onetw', 6]);
});
