/** Puts a measurement of the viewer into the report as a sentence that names it. */
import type { Measurement } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { measurementText } from '../measurements/measure.ts';
import { useMeasurements } from '../measurements/measurementStore.ts';
import { tell } from '../notices/noticesStore.ts';
import { useReport } from './reportStore.ts';

/** @param item the selected one, or the last that was made, unless given */
export function insertMeasurement(item?: Measurement): void {
  const { study, phase, content, focus, insert } = useReport.getState();
  const { items, selected } = useMeasurements.getState();
  const own = items.filter((one) => one.study === study);
  const chosen = item ?? own.find(({ id }) => id === selected) ?? own.at(-1);
  if (phase !== 'writing') return;
  if (chosen === undefined) {
    tell(texts.report.insert.noMeasurement);
    return;
  }
  const section = content.sentences.find(({ id }) => id === focus)?.section ?? 'findings';
  insert([{ section, text: texts.report.insert.measurementOf(measurementText(chosen)), origin: 'measurement', measurement: chosen.id }]);
}
