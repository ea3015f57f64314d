/** What went wrong, in the engine's words: sentence, advice and code. Never a stack. */
import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ErrorData } from '../../shared/errors.ts';

export function Failure({ error, children }: { readonly error: ErrorData; readonly children?: ReactNode }): ReactNode {
  return (
    <div className="failure selectable" role="alert">
      <TriangleAlert size={15} aria-hidden />
      <div>
        <p>{error.message}</p>
        <p className="advice">{error.advice}. <code>{error.code}</code></p>
        {children}
      </div>
    </div>
  );
}
