import { Check, Circle, LoaderCircle, Minus } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { shownTime } from '../../ui/format.ts';
import { analysisSteps } from './analysis.ts';
import type { AnalysisProgress, StepProgress } from './analysis.ts';

function StepIcon({ state }: { readonly state: StepProgress['state'] }): ReactNode {
  switch (state) {
    case 'waiting': return <Circle size={12} aria-hidden />;
    case 'started': return <LoaderCircle size={12} className="spin" aria-hidden />;
    case 'done': return <Check size={12} aria-hidden />;
    case 'skipped': return <Minus size={12} aria-hidden />;
  }
}

export function Steps({ progress }: { readonly progress: AnalysisProgress }): ReactNode {
  return (
    <ol className="steps" aria-label={texts.reading.stepsTitle}>
      {analysisSteps.map((name) => {
        const { state, ms, message } = progress.steps[name];
        return (
          <li key={name} className={state} data-step={name} data-state={state}>
            <StepIcon state={state} />
            <span>{texts.reading.steps[name]}<span className="sr-only">, {texts.reading.stepStates[state]}</span></span>
            <span className="message" title={message}>{message}</span>
            <span className="time">{ms === null ? '' : shownTime(ms)}</span>
          </li>
        );
      })}
    </ol>
  );
}
