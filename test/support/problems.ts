import { expect } from 'vitest';
import type { TestAnswer } from './app.js';

/** @param field that has to be among those named as wrong. */
export function expectProblem(answer: TestAnswer, status: number, code: string, field?: string): void {
  expect(answer.body).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  if (status === 400) expect(answer.body.title).toBe('Invalid Data');
  if (field) expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
}
