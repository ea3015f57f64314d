import { Check, Circle, CircleSlash, LoaderCircle, Minus } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { shownTime } from '../../ui/format.ts';
import { analysisSteps } from '../reading/analysis.ts';
import type { AnalysisProgress, StepProgress } from '../reading/analysis.ts';

type ShownState = StepProgress['state'] | 'interrupted';

function StepIcon({ state }: { readonly state: ShownState }): ReactNode {
  switch (state) {
    case 'waiting': return <Circle size={12} aria-hidden />;
    case 'started': return <LoaderCircle size={12} className="spin" aria-hidden />;
    case 'done': return <Check size={12} aria-hidden />;
    case 'interrupted': return <CircleSlash size={12} aria-hidden />;
    case 'skipped': return <Minus size={12} aria-hidden />;
  }
}

/** @param running false once the analysis ended: the step it was in is then shown as interrupted */
export function Steps({ progress, running }: { readonly progress: AnalysisProgress; readonly running: boolean }): ReactNode {
  return (
    <ol className="steps" aria-label={texts.reading.stepsTitle}>
      {analysisSteps.map((name) => {
        const { state: told, ms, message } = progress.steps[name];
        const state = told === 'started' && !running ? 'interrupted' : told;
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
