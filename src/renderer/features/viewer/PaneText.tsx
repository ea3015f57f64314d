import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { axisStep, norm, voxelToPatient } from '../../../shared/geometry.ts';
import type { StudyDetail } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { shownAgeSex, shownDate, shownName } from '../../ui/format.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useCompare } from './compareStore.ts';
import { valueAt } from './loadVolume.ts';
import type { LoadedVolume } from './loadVolume.ts';
import { positionAlong } from './orientation.ts';
import type { SeriesTarget } from './panes.ts';
import type { ViewPlane } from './planes.ts';
import { isCompanion, useView, useViewer } from './viewerStore.ts';
import type { ShownSeries } from './viewerStore.ts';
import { shownValue } from './windowing.ts';

/** The study a pane's series belongs to: never another's name beside a picture. */
function useDetail(target: SeriesTarget): StudyDetail | null {
  const own = useStudies((state) => state.detail);
  const other = useCompare((state) => state.detail);
  const companion = useViewer((state) => isCompanion(state, target));
  const fetchDetail = useCompare((state) => state.fetchDetail);
  useEffect(() => { if (companion) fetchDetail(target.study); }, [companion, target.study, fetchDetail]);
  return [own, other].find((detail) => detail?.study === target.study) ?? null;
}

function PatientText({ target, brief }: { readonly target: SeriesTarget; readonly brief: boolean }): ReactNode {
  const detail = useDetail(target);
  const companion = useViewer((state) => isCompanion(state, target));
  const title = useCompare((state) => state.title);
  if (detail === null) return null;
  const description = detail.series.find((known) => known.series === target.series)?.description ?? '';
  return (
    <>
      <div className="corner top-left" data-testid="patient-text">
        {companion && title !== '' ? <span className="companion-name">{title}</span> : null}
        <b>{shownName(detail.patientName) || texts.studies.noName}</b>
        <span>{detail.patientId}</span>
        {brief ? null : <span>{[detail.birthDate === '' ? '' : texts.viewer.born(shownDate(detail.birthDate)), shownAgeSex(detail.ageYears, detail.sex)].filter(Boolean).join(' · ')}</span>}
      </div>
      <div className="corner top-right">
        <b>{detail.studyDate === '' ? texts.studies.noDate : shownDate(detail.studyDate)}</b>
        {brief ? null : <span>{detail.description}</span>}
        <span>{description}</span>
      </div>
    </>
  );
}

interface PaneTextProps {
  readonly pane: string;
  readonly plane: ViewPlane;
  readonly series: ShownSeries;
  readonly volume: LoadedVolume;
  /** Everything is told here; elsewhere what tells the pane from its neighbours. */
  readonly main: boolean;
}

export function PaneText({ pane, plane, series, volume, main }: PaneTextProps): ReactNode {
  const { overlayText, layout } = useViewer();
  const view = useView(pane);
  const { location, window } = series;
  const { axis, towards, name } = plane;
  const position = positionAlong(towards, voxelToPatient(volume.voxelToLps, location));
  const thickness = norm(axisStep(volume.voxelToLps, axis));
  const value = valueAt(volume, location);
  const full = main || layout !== 'mpr';
  return (
    <div className="pane-text">
      {full ? <PatientText target={series.target} brief={!main} /> : null}
      <div className="corner bottom-left">
        <b className={`plane-name ${name}`}>{texts.viewer.planes[name]}</b>
        {full && overlayText ? (
          <>
            {main && value !== null ? <span title={texts.viewer.value}>{shownValue(value, window.width)}</span> : null}
            {main ? <span>{texts.viewer.zoom(Math.round(view.zoom * 100))}</span> : null}
            <span data-testid="window-values">{texts.viewer.window(shownValue(window.center, window.width), shownValue(window.width, window.width))}</span>
          </>
        ) : null}
      </div>
      {overlayText ? (
        <div className="corner bottom-right">
          {full ? <span>{texts.viewer.thickness(thickness.toFixed(1))}</span> : null}
          <span>{texts.viewer.mm(position.letter, position.mm.toFixed(1))}</span>
          <b>{texts.viewer.slice(location[axis] + 1, volume.dims[axis])}</b>
        </div>
      ) : null}
    </div>
  );
}
