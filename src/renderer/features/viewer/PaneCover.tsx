import { LoaderCircle, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { useViewer } from './viewerStore.ts';
import type { ShownSeries } from './viewerStore.ts';

/** What one pane says while it has no picture; in MPR the planes speak together (Viewer.tsx) unless one is there already. */
export function PaneCover({ series, isPlane }: { readonly series: ShownSeries | undefined; readonly isPlane: boolean }): ReactNode {
  const retry = useViewer((state) => state.retry);
  if (series === undefined) return isPlane ? null : <div className="cover pane-cover quiet"><p>{texts.viewer.paneEmpty}</p></div>;
  if (series.phase === 'failed' && !isPlane) {
    return (
      <div className="cover pane-cover quiet" role="alert">
        <TriangleAlert size={18} aria-hidden />
        <p>{series.failure?.message ?? texts.viewer.noVolumeTitle}</p>
        <Button onClick={retry}>{texts.viewer.retry}</Button>
      </div>
    );
  }
  if (series.phase !== 'loading' || (isPlane && series.volume === null)) return null;
  return (
    <div className="cover pane-cover quiet" role="status">
      <LoaderCircle size={16} className="spin" aria-hidden />
      <p>{series.share > 0 ? texts.viewer.loadingShare(Math.round(series.share * 100)) : texts.viewer.loading}</p>
    </div>
  );
}
