/** Hangs the latest earlier study beside the one that was opened, where the reader's rule says so: once for each opening. */
import { useEffect, useRef } from 'react';
import type { Prior } from '../../../shared/contract.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { openPriorBeside } from './besideStore.ts';
import { priorToHang } from './priorToHang.ts';

/** @param priors earlier studies of `study`; null until they are known */
export function useHungPrior(study: string, priors: readonly Prior[] | null): void {
  const done = useRef<string | null>(null);
  const isHung = useStudies(({ detail }) => detail?.study === study);
  useEffect(() => {
    if (done.current !== study) done.current = null;
    if (!isHung || priors === null || done.current !== null) return;
    done.current = study;
    const { hanging, companion } = useViewer.getState();
    const prior = hanging.priorBeside && companion === null ? priorToHang(priors) : undefined;
    if (prior !== undefined) openPriorBeside(prior);
  }, [study, isHung, priors]);
}
