import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { shownName } from '../../ui/format.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useStudies } from './studiesStore.ts';

/** The question before a study is removed. */
export function RemovalSheet(): ReactNode {
  const { removing, askRemoval, remove } = useStudies();
  if (removing === null) return null;
  const name = shownName(removing.patientName) || texts.studies.noName;
  const close = (): void => { askRemoval(null); };
  return (
    <Sheet title={texts.studies.remove} onClose={close} foot={<Button kind="danger" onClick={() => { close(); inBackground(remove(removing.study), name); }}>{texts.studies.removeConfirm}</Button>}>
      <p>{texts.studies.removeQuestion(name)}</p>
    </Sheet>
  );
}
