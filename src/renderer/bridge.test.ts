import { describe, expect, test } from 'vitest';
import { failureOf } from './bridge.ts';

/** As the shell's own script throws them: the same fields, another class. */
class ForeignError extends Error {
  readonly code: string;
  readonly about = { subject: 'archive', advice: 'Import reports first' };
  constructor(code: string) {
    super('The archive holds no case');
    this.code = code;
  }
}

describe('what is shown of an error', () => {
  test('keeps code, sentence and advice when it comes from another bundle', () => {
    expect(failureOf(new ForeignError('search/no-cases'), 'search')).toEqual({ code: 'search/no-cases', message: 'The archive holds no case', subject: 'archive', advice: 'Import reports first' });
  });
  test('is nothing when the reader cancelled, whoever raised it', () => {
    expect(failureOf(new ForeignError('cancelled'), 'search')).toBeNull();
    expect(failureOf(new DOMException('stopped', 'AbortError'), 'search')).toBeNull();
  });
  test('is a bug when it is unknown, and names no code that the list lacks', () => {
    expect(failureOf(new ForeignError('made/up'), 'search')?.code).toBe('bug/unexpected');
    expect(failureOf('text', 'search')?.message).toBe('text');
  });
});
