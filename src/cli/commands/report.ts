/** `brat report`: how far the report of a stored study is, and its words. */
import { findReport, signedReports } from '../../engine/store/reports.ts';
import { studyMark, recordAudit } from '../../engine/store/audit.ts';
import { draftPaper } from '../../engine/outputs/report/paper.ts';
import { draftText, reportText } from '../../engine/outputs/text/reportText.ts';
import { EngineError } from '../../shared/errors.ts';
import { clock, openEngine } from '../context.ts';
import type { Register } from '../program.ts';

export const reportCommand: Register = (program, action) =>
  program
    .command('report')
    .description('show the report of a stored study: signed, with its addenda, and what is being written, line by line marked DRAFT')
    .argument('<study>', 'StudyInstanceUID')
    .action(
      action(async (context, [study]: [string]) => {
        const { output } = context;
        const engine = await openEngine(context);
        try {
          const { parts: { store: { db }, library }, signedStudies } = engine;
          const [first, ...addenda] = signedReports(db, study);
          const open = findReport(db, study) ?? null;
          if (first === undefined && open === null) {
            library.study(study);
            throw new EngineError('report/not-open', 'Nothing was written about this study', { subject: 'report', advice: 'Open it in the window and write the report' });
          }
          if (first !== undefined) output.line(reportText(await signedStudies.forPeople([first, ...addenda])).trimEnd());
          if (open !== null) {
            if (first !== undefined) output.line('');
            output.line(draftText(draftPaper({ ...(await signedStudies.asStored(study)), number: open.number, content: open.content, pack: open.draft?.pack ?? null, at: clock.now().toISOString() })).trimEnd());
          }
          recordAudit(db, clock, 'study.opened', { study: studyMark(study), what: 'report' });
          output.result({
            study,
            state: open !== null ? 'reading' : 'signed',
            signed: first === undefined ? [] : [first, ...addenda],
            draft: open === null ? null : { mark: 'DRAFT – NOT A REPORT', number: open.number, revision: open.revision, openedAt: open.openedAt, content: open.content },
          });
        } finally {
          await engine.close();
        }
      }),
    );
