/**
 * Every sentence the window shows, a file a feature in `texts/`: a translation is another object of this shape. Functions
 * take what varies, so that word order stays free. Words the engine sends (errors, reasons, reports) are not translated here.
 */
import { appTexts } from './texts/app.ts';
import { attentionTexts } from './texts/attention.ts';
import { auditTexts } from './texts/audit.ts';
import { errorsTexts } from './texts/errors.ts';
import { findingsTexts } from './texts/findings.ts';
import { importTexts } from './texts/import.ts';
import { keyboardTexts } from './texts/keyboard.ts';
import { measurementTexts } from './texts/measurements.ts';
import { modelsTexts } from './texts/models.ts';
import { noticesTexts } from './texts/notices.ts';
import { paletteTexts } from './texts/palette.ts';
import { readersTexts } from './texts/readers.ts';
import { qualityTexts } from './texts/quality.ts';
import { readingTexts } from './texts/reading.ts';
import { reportTexts } from './texts/report.ts';
import { seriesTexts } from './texts/series.ts';
import { settingsTexts } from './texts/settings.ts';
import { exportingTexts } from './texts/exporting.ts';
import { signingTexts } from './texts/signing.ts';
import { similarTexts } from './texts/similar.ts';
import { statusTexts } from './texts/status.ts';
import { structuredTexts } from './texts/structured.ts';
import { studiesTexts } from './texts/studies.ts';
import { trainingTexts } from './texts/training.ts';
import { trainingHintTexts } from './texts/trainingHint.ts';
import { viewerTexts } from './texts/viewer.ts';
import { worklistTexts } from './texts/worklist.ts';

export const texts = {
  app: appTexts,
  studies: studiesTexts,
  import: importTexts,
  series: seriesTexts,
  viewer: viewerTexts,
  measurements: measurementTexts,
  readers: readersTexts,
  exporting: exportingTexts,
  signing: signingTexts,
  structured: structuredTexts,
  audit: auditTexts,
  reading: readingTexts,
  report: reportTexts,
  findings: findingsTexts,
  similar: similarTexts,
  training: trainingTexts,
  trainingHint: trainingHintTexts,
  attention: attentionTexts,
  status: statusTexts,
  models: modelsTexts,
  notices: noticesTexts,
  keyboard: keyboardTexts,
  worklist: worklistTexts,
  settings: settingsTexts,
  palette: paletteTexts,
  quality: qualityTexts,
  errors: errorsTexts,
};
