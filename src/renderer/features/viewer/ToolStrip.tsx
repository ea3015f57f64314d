/** Tools beside the pictures: measuring, marking, playing. */
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { MeasurementTools } from '../measurements/MeasurementTools.tsx';
import { Cine } from './Cine.tsx';

export function ToolStrip(): ReactNode {
  return (
    <div className="tool-strip" role="toolbar" aria-orientation="vertical" aria-label={texts.measurements.tools}>
      <MeasurementTools />
      <Cine />
    </div>
  );
}
