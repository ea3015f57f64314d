/** `brat series`: every series of a path with its role, rank, reason, geometry and problems. */
import { describeSeries } from '../../engine/services/describe.ts';
import { scanLoose, withWorkFolder } from '../looseStudies.ts';
import type { Register } from '../program.ts';

export const seriesCommand: Register = (program, action) =>
  program
    .command('series')
    .description('list every series with its role, rank, reason, geometry and problems')
    .argument('<path...>', 'DICOM or NIfTI files, folders, zips or DICOMDIRs')
    .action(
      action(async (context, [paths]: [string[]]) => {
        const { output } = context;
        await withWorkFolder(async (folder) => {
          const { studies, skipped, problems } = await scanLoose(paths, context, folder);
          const described = studies.map(({ uid, attributes, images }) => ({
            study: uid,
            studyDate: attributes.studyDate,
            description: attributes.studyDescription,
            chosen: images.choice.chosen && { series: images.choice.chosen.seriesUid, stack: images.choice.chosen.stack },
            chosenProblem: images.choice.problem,
            series: images.candidates.map((candidate, at) => ({
              ...describeSeries(candidate, images.ranked[at]!),
              geometry: candidate.stacks.map(({ index, geometry }) => ({ stack: index, voxelToLps: geometry?.voxelToLps ?? null, slicing: geometry?.slicing ?? null })),
            })),
          }));
          for (const study of described) {
            output.line(`study ${study.study}  ${study.studyDate}  ${study.description}`);
            for (const series of study.series) {
              const mark = study.chosen?.series === series.series ? '*' : ' ';
              output.line(`${mark} ${series.role.padEnd(5)} ${series.rank === null ? ' -' : `#${series.rank}`}  ${series.reason}`);
              for (const stack of series.stacks) {
                const geometry = stack.dims ? `${stack.dims.join(' x ')}, ${stack.spacingMm!.map((mm) => mm.toFixed(2)).join(' x ')} mm, ${stack.plane ?? ''}` : `${stack.sliceCount} slices, no volume`;
                output.line(`          ${stack.label === '' ? '' : `${stack.label}: `}${geometry}`);
                for (const problem of stack.problems) output.line(`          ${problem.severity}: ${problem.code}: ${problem.message}`);
              }
              for (const problem of series.problems) output.line(`          ${problem.severity}: ${problem.code}: ${problem.message}`);
            }
            if (study.chosenProblem) output.line(`  ${study.chosenProblem.code}: ${study.chosenProblem.message}`);
          }
          output.result({ studies: described, skipped, problems });
        });
      }),
    );
