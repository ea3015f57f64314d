/** The whole window takes drops; what is dragged over it is told what it accepts. */
import { Import } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { importEntries } from './importStore.ts';
import { droppedEntries } from './walkDrop.ts';

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

export function DropTarget(): ReactNode {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0; // enter and leave come for every element passed
    const enter = (event: DragEvent): void => { if (carriesFiles(event)) { depth += 1; setOver(true); } };
    const leave = (event: DragEvent): void => { if (carriesFiles(event)) { depth = Math.max(0, depth - 1); setOver(depth > 0); } };
    const hover = (event: DragEvent): void => {
      event.preventDefault(); // else the page would be left for the file
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = carriesFiles(event) ? 'copy' : 'none';
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      depth = 0;
      setOver(false);
      if (event.dataTransfer !== null && carriesFiles(event)) importEntries(droppedEntries(event.dataTransfer));
    };
    const listening = new AbortController();
    const options = { signal: listening.signal };
    window.addEventListener('dragenter', enter, options);
    window.addEventListener('dragleave', leave, options);
    window.addEventListener('dragover', hover, options);
    window.addEventListener('drop', drop, options);
    return () => { listening.abort(); };
  }, []);
  if (!over) return null;
  return (
    <div className="drop-target" aria-hidden>
      <div><Import size={34} strokeWidth={1.4} /><h2>{texts.import.dropTitle}</h2><p>{texts.import.dropText}</p></div>
    </div>
  );
}
