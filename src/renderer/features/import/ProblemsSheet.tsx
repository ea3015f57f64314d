import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import type { ImportProblem } from './importStore.ts';

export function ProblemsSheet({ problems, onClose }: { readonly problems: readonly ImportProblem[]; readonly onClose: () => void }): ReactNode {
  return (
    <Sheet title={texts.import.problemsTitle} onClose={onClose}>
      <p className="problems-text">{texts.import.problemsText}</p>
      <table className="problems-table selectable">
        <thead><tr><th>{texts.import.columns.file}</th><th>{texts.import.columns.problem}</th><th>{texts.import.columns.advice}</th></tr></thead>
        <tbody>
          {problems.map(({ file, error }, row) => (
            <tr key={`${row} ${file}`}><td>{file}</td><td>{error.message}<br /><code className="code">{error.code}</code></td><td>{error.advice}</td></tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}
