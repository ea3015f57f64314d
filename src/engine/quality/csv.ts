/** The figures as a table, a row for each pack and month; an empty field where there is no value. */
import Papa from 'papaparse';
import { flagKind, followedKinds, type QualityGroup, type Quartiles } from '../../shared/contract.ts';
import { emptyGroup, keyOfPack } from './addUp.ts';

type Row = Record<string, string | number>;

export function qualityCsv(groups: readonly QualityGroup[]): string {
  // Without a group the header alone, so that whoever reads the file finds its columns.
  const fields = Object.keys(rowOf(groups[0] ?? emptyGroup()));
  return `${Papa.unparse({ fields, data: groups.map((group) => Object.values(rowOf(group))) }, { escapeFormulae: true })}\r\n`;
}

function rowOf({ pack, month, reports, tooFew, changedShare, sentences, flags, flagsByKind, seconds, withoutSeconds, reportsMissed, reportsMadeUp, findings }: QualityGroup): Row {
  return {
    pack: pack === null ? '' : keyOfPack(pack), training: pack?.training ?? '', month: month ?? '', reports, draft: pack === null ? 'no' : 'yes', too_few_to_judge: tooFew ? 'yes' : 'no',
    ...quartileFields('changed_share', changedShare),
    sentences_kept: sentences.kept, sentences_edited: sentences.edited, sentences_rejected: sentences.rejected, sentences_added: sentences.added,
    flags_dismissed: flags.dismissed, flags_confirmed: flags.confirmed, flags_acted_on: flags.actedOn,
    ...Object.fromEntries(flagKind.options.flatMap((kind) => {
      const name = kind.replaceAll('-', '_');
      const { dismissed, confirmed, actedOn } = flagsByKind[kind];
      return [[`flags_${name}_dismissed`, dismissed], [`flags_${name}_confirmed`, confirmed], [`flags_${name}_acted_on`, followedKinds.includes(kind) ? actedOn : '']] as const;
    })),
    ...quartileFields('seconds', seconds), reports_without_seconds: withoutSeconds,
    reports_missed_finding: reportsMissed, reports_made_up_finding: reportsMadeUp,
    ...Object.fromEntries(findings.flatMap(({ question, missed, madeUp }) => [[`${question}_missed`, missed], [`${question}_made_up`, madeUp]] as const)),
  };
}

const quartileFields = (name: string, values: Quartiles): Row => ({ [`${name}_lower_quartile`]: values?.lower ?? '', [`${name}_median`]: values?.median ?? '', [`${name}_upper_quartile`]: values?.upper ?? '' });
