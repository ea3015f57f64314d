/** What the heads of a pack say of the study: answers with their probability, and lesions to jump to. */
import { Crosshair, Eye, EyeOff, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Finding, Lesion, StudyFindings } from '../../../shared/contract.ts';
import { holds, thresholdOf } from '../../../shared/threshold.ts';
import { lps } from '../../../shared/geometry.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Meter } from '../../ui/Meter.tsx';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { useViewer } from '../viewer/viewerStore.ts';
import { useLesions } from './lesionStore.ts';
import './findings.css';

const lesionsShown = 5;

function thresholdText(finding: Finding): string {
  const { percent, threshold, rates } = texts.findings;
  const { operatingPoint } = finding;
  const from = threshold(percent(thresholdOf(finding)));
  return operatingPoint === undefined ? from : `${from}: ${rates(percent(operatingPoint.sensitivity), percent(operatingPoint.specificity))}`;
}

function Answers({ findings }: { readonly findings: readonly Finding[] }): ReactNode {
  const [all, setAll] = useState(false);
  const holding = findings.filter(holds);
  const shown = all ? findings : holding;
  const measuredOn = findings.find(({ operatingPoint }) => operatingPoint !== undefined)?.operatingPoint?.measuredOn;
  return (
    <>
      {shown.length === 0 ? <p className="note">{texts.findings.none}</p> : (
        <table className="answers">
          <tbody>
            {shown.map((finding) => (
              <tr key={`${finding.question} ${finding.answer}`} className={holds(finding) ? '' : 'unlikely'} title={thresholdText(finding)}>
                <th scope="row">{texts.findings.questions[finding.question] ?? finding.question}</th>
                <td>{finding.answer}</td>
                <td className="probability"><Meter value={finding.probability} />{texts.findings.percent(finding.probability)}</td>
                {all ? <td className="threshold">{texts.findings.from(texts.findings.percent(thresholdOf(finding)))}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="note">{measuredOn === undefined ? texts.findings.notMeasured : texts.findings.measured(measuredOn)}</p>
      <button type="button" className="link" aria-expanded={all} onClick={() => { setAll(!all); }}>{all ? texts.findings.fewer : `${texts.findings.unsure} (${findings.length - holding.length})`}</button>
    </>
  );
}

function LesionRow({ lesion }: { readonly lesion: Lesion }): ReactNode {
  const { index, side, volumeMl, longestDiameterMm, slice, probability, centreLps } = lesion;
  const named = texts.findings.sides[side];
  return (
    <li>
      <button type="button" className="lesion" data-lesion={index} aria-label={texts.findings.jump(index, named)} onClick={() => { useViewer.getState().locateAt(lps(...centreLps)); }}>
        <Crosshair size={12} aria-hidden />
        <b>{texts.findings.lesion(index)}</b>
        <span>{named}</span>
        <span>{texts.findings.diameter(longestDiameterMm)}</span>
        <span>{texts.findings.volume(volumeMl)}</span>
        <span>{texts.findings.slice(slice)}</span>
        <span className="probability">{texts.findings.percent(probability)}</span>
      </button>
    </li>
  );
}

function Lesions({ lesions, elsewhere }: { readonly lesions: readonly Lesion[]; readonly elsewhere: boolean }): ReactNode {
  const { visible, toggle } = useLesions();
  const [all, setAll] = useState(false);
  const shown = all ? lesions : lesions.slice(0, lesionsShown);
  return (
    <>
      <p className="lesions-head">
        {texts.findings.lesions(lesions.length)}
        {lesions.length === 0 ? null : <IconButton label={texts.findings.showOutline} aria-pressed={visible} icon={visible ? <Eye size={13} /> : <EyeOff size={13} />} onClick={toggle} />}
      </p>
      {elsewhere && lesions.length > 0 ? <p className="note outside-mark"><TriangleAlert size={13} aria-hidden />{texts.findings.otherSeries}</p> : null}
      <ol className="lesions">{shown.map((lesion) => <LesionRow key={lesion.index} lesion={lesion} />)}</ol>
      {lesions.length > lesionsShown ? <button type="button" className="link" aria-expanded={all} onClick={() => { setAll(!all); }}>{all ? texts.findings.fewer : texts.findings.more(lesions.length - lesionsShown)}</button> : null}
    </>
  );
}

export function FindingsPanel({ found }: { readonly found: StudyFindings }): ReactNode {
  const target = useViewer((state) => state.target);
  const { findings, lesions, pack, provider } = found;
  if (findings === null && lesions === null) return null;
  const elsewhere = target !== null && (target.series !== found.series || target.stack !== found.stack);
  return (
    <section className={`findings ${found.insideOfTraining?.inside === false ? 'outside' : ''}`} aria-label={texts.findings.region} data-testid="findings">
      <h3 className="section-title" title={texts.findings.hint}>{texts.findings.title}<span><TrainingLabel pack={pack} /> {texts.reading.madeBy(pack.id, pack.version, provider)}</span></h3>
      {lesions === null ? null : <Lesions lesions={lesions} elsewhere={elsewhere} />}
      {findings === null ? null : <Answers findings={findings} />}
    </section>
  );
}
