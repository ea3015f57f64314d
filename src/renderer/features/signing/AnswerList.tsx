/** Structured findings as a short list: question, answer, and who says so. */
import type { ReactNode } from 'react';
import type { StructuredAnswer } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';

export function AnswerList({ answers }: { readonly answers: readonly StructuredAnswer[] }): ReactNode {
  return (
    <table className="answer-list">
      <tbody>
        {answers.map((answer) => (
          <tr key={answer.question}>
            <th scope="row">{texts.structured.questions[answer.question] ?? answer.question}</th>
            <td>{answer.answers.join(', ')}</td>
            <td className="source">{texts.signing.sources[answer.source]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
