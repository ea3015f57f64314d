import type { ReactNode } from 'react';
import { axisStep, norm, voxelToPatient } from '../../../shared/geometry.ts';
import type { Ijk } from '../../../shared/geometry.ts';
import { texts } from '../../texts.ts';
import { shownAgeSex, shownDate, shownName } from '../../ui/format.ts';
import { useStudies } from '../studies/studiesStore.ts';
import type { LoadedVolume } from './loadVolume.ts';
import { positionAlong } from './orientation.ts';
import type { PlaneName } from './planes.ts';
import { useViewer } from './viewerStore.ts';
import { shownValue } from './windowing.ts';

/** Value of the image at a voxel, after rescale. */
function valueAt({ dims, voxels, info }: LoadedVolume, [i, j, k]: Ijk): number {
  return (voxels[(k * dims[1] + j) * dims[0] + i] ?? 0) * info.slope + info.intercept;
}

function PatientText({ series }: { readonly series: string }): ReactNode {
  const detail = useStudies((state) => state.detail);
  if (detail === null) return null;
  const description = detail.series.find((known) => known.series === series)?.description ?? '';
  return (
    <>
      <div className="corner top-left" data-testid="patient-text">
        <b>{shownName(detail.patientName) || texts.studies.noName}</b>
        <span>{detail.patientId}</span>
        <span>{[detail.birthDate === '' ? '' : texts.viewer.born(shownDate(detail.birthDate)), shownAgeSex(detail.ageYears, detail.sex)].filter(Boolean).join(' · ')}</span>
      </div>
      <div className="corner top-right">
        <b>{detail.studyDate === '' ? texts.studies.noDate : shownDate(detail.studyDate)}</b>
        <span>{detail.description}</span>
        <span>{description}</span>
      </div>
    </>
  );
}

interface PaneTextProps {
  readonly plane: PlaneName;
  readonly main: boolean;
  readonly volume: LoadedVolume;
}

export function PaneText({ plane, main, volume }: PaneTextProps): ReactNode {
  const { location, window, views, overlayText } = useViewer();
  const { axis, towards } = volume.planes[plane];
  const position = positionAlong(towards, voxelToPatient(volume.voxelToLps, location));
  const thickness = norm(axisStep(volume.voxelToLps, axis));
  return (
    <div className="pane-text">
      {main ? <PatientText series={volume.info.series} /> : null}
      <div className="corner bottom-left">
        <b className={`plane-name ${plane}`}>{texts.viewer.planes[plane]}</b>
        {main && overlayText ? (
          <>
            <span title={texts.viewer.value}>{shownValue(valueAt(volume, location), window.width)}</span>
            <span>{texts.viewer.zoom(Math.round(views[plane].zoom * 100))}</span>
            <span data-testid="window-values">{texts.viewer.window(shownValue(window.center, window.width), shownValue(window.width, window.width))}</span>
          </>
        ) : null}
      </div>
      {overlayText ? (
        <div className="corner bottom-right">
          {main ? <span>{texts.viewer.thickness(thickness.toFixed(1))}</span> : null}
          <span>{texts.viewer.mm(position.letter, position.mm.toFixed(1))}</span>
          <b>{texts.viewer.slice(location[axis] + 1, volume.dims[axis])}</b>
        </div>
      ) : null}
    </div>
  );
}
