/** `brat anonymise`: a study and its signed reports without the people in them, as a folder to give away. */
import { anonymiseStudy } from '../../engine/services/anonymising.ts';
import type { LeftOut } from '../../engine/services/anonymising.ts';
import { openEngine, type CommonOptions } from '../context.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions {
  readonly out: string;
  readonly withScreens?: boolean;
}

const reasons: Readonly<Record<LeftOut['reason'], string>> = {
  'no-pixels': 'no image; may hold text',
  'burned-in': 'says that text is burned into its pixels',
  screen: 'captured, converted or in colour; may show text',
};

export const anonymiseCommand: Register = (program, action) =>
  program
    .command('anonymise')
    .description('write a study and its signed reports without identifiers (DICOM PS3.15 Basic Profile); faces in the images stay')
    .argument('<study>', 'StudyInstanceUID')
    .requiredOption('--out <folder>', 'a new or empty folder')
    .option('--with-screens', 'also write pictures that may show text, with their pixels as they are')
    .action(
      action(async (context, [study]: [string], options: Options) => {
        const { output, signal } = context;
        const engine = await openEngine(context);
        try {
          const made = await anonymiseStudy(engine.parts, { study, folder: options.out, withScreens: options.withScreens ?? false }, signal, ({ done, total }) => { output.progress(`image ${done} of ${total}`); });
          output.line(`Written: ${made.images} images in ${made.series} series, ${made.reports} reports, as ${made.patientId}, to ${made.folder}`);
          for (const { seriesNumber, modality, description, reason, objects } of made.leftOut) output.warn(`left out: series ${seriesNumber ?? 'without number'} (${[modality, description].filter((word) => word !== '').join(' ')}), ${objects} ${objects === 1 ? 'object' : 'objects'}: ${reasons[reason]}`);
          output.warn('note: the pixels are as they were; faces can be made from images of a head');
          output.result(made);
        } finally {
          await engine.close();
        }
      }),
    );
