/** Stands above everything a pack says of an image that it was not made for. */
import { OctagonAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { InsideOfTraining } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import './findings.css';

export function OutsideNotice({ judged, withheld }: { readonly judged: InsideOfTraining; readonly withheld: boolean }): ReactNode {
  const analyse = useReading((state) => state.analyse);
  const drafted = useReading((state) => state.progress.draft !== null);
  return (
    <section className="outside-notice" role="alert" data-testid="outside-notice">
      <h3><OctagonAlert size={16} aria-hidden />{texts.findings.outsideTitle}</h3>
      <p>{texts.findings.outsideText(judged.reason)} {texts.findings.outsideMadeFor(judged.madeFor)}</p>
      {withheld || drafted ? <p>{withheld ? texts.findings.withheld : texts.findings.madeAnyway}</p> : null}
      <footer>
        <span>{texts.findings.outsideScore(judged.score.toFixed(1), judged.threshold.toFixed(1))}</span>
        {withheld ? <Button kind="danger" onClick={() => { inBackground(analyse(true), texts.findings.anyway); }}>{texts.findings.anyway}</Button> : null}
      </footer>
    </section>
  );
}
