/**
 * The command line held to what is promised: of every folder of real data, `brat series` says each series' role and its
 * volumes (size, plane) or the code of its refusal; `brat draft` of the post-contrast patient says all it has to.
 */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runBrat } from '../testing/bratCommand.ts';
import { describeWithData, hasSharedData, sharedData } from '../testing/sharedData.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import { makeTinyPack, tiny } from '../testing/tinyPack.ts';
import { tumourStudy, wrapTumourStudy } from '../testing/wrapTumourStudy.ts';

interface Found {
  readonly studies: readonly { readonly series: readonly { readonly role: string; readonly stacks: readonly Stack[]; readonly problems: readonly { readonly code: string }[] }[] }[];
  readonly skipped: number;
  readonly problems: readonly { readonly error: { readonly code: string } }[];
}

interface Stack {
  readonly dims: readonly number[] | null;
  readonly plane: string | null;
  readonly problems: readonly { readonly code: string; readonly severity: string }[];
}

/** `3 x 80x80x40 axial`, or `refused volume/mosaic`; equal volumes counted, in order of first appearance. */
function stackWords(stacks: readonly Stack[]): string {
  const counts = new Map<string, number>();
  for (const { dims, plane, problems } of stacks) {
    const told = problems.filter(({ severity }) => severity !== 'note').map(({ code, severity }) => `${severity} ${code}`);
    const words = [...(dims ? [`${dims.join('x')} ${plane}`] : []), ...told].join(', ');
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return [...counts].map(([words, count]) => (count === 1 ? words : `${count} x ${words}`)).join(' + ');
}

const describeFound = ({ studies, problems, skipped }: Found): readonly string[] => [
  ...studies.flatMap(({ series }) => series.map(({ role, stacks, problems: ofSeries }) => `${role}: ${stacks.length > 0 ? stackWords(stacks) : ofSeries.map(({ code }) => code).join()}`)).sort(),
  ...problems.map(({ error }) => `file ${error.code}`).sort(),
  ...(skipped > 0 ? [`${skipped} skipped`] : []),
];

const expected: Readonly<Record<string, readonly string[]>> = {
  'bad-geometry': [
    'other: refused volume/missing-slices',
    't2: 288x288x2 sagittal + 288x288x2 axial',
  ],
  'canon-dwi-enhanced-oblique-deflated': [
    'other: 13 x 80x80x40 axial',
    'other: 13 x 80x80x40 axial',
  ],
  'codecs-ct': [
    'other: refused volume/duplicate-positions',
    '8 skipped',
  ],
  'codecs-mr-small': [
    't2: 64x64x1 axial, warning volume/too-few-slices',
    '6 skipped',
  ],
  'four-slice-series': [
    'flair: 256x256x4 sagittal',
    'flair: 256x256x4 sagittal',
    'other: 256x256x4 sagittal',
    'other: 256x256x4 sagittal',
    'other: 64x64x4 oblique',
    'other: 64x64x4 oblique',
    't1: 256x256x4 sagittal',
    '6 skipped',
  ],
  'ge-epi-4d-classic': [
    'other: 10 x 64x64x15 axial',
    'other: 10 x 64x64x15 axial',
  ],
  'ge-fse-pd-axial-oblique-uneven': [
    'other: 256x256x20 axial',
  ],
  'ge-mprage-oblique-jpeg-lossless': [
    't1: 256x256x130 axial',
    '1 skipped',
  ],
  'malformed-constructed': [
    'other: refused volume/no-position',
    'file dicom/truncated',
    'file dicom/truncated',
    'file dicom/truncated',
    '3 skipped',
  ],
  'malformed': [
    'other: 10x10x1 axial, warning volume/too-few-slices',
    'other: 512x512x1 oblique, warning volume/too-few-slices',
    'other: dicom/no-pixels',
    'other: refused dicom/unsupported-pixels',
    'other: refused volume/no-position',
    'other: refused volume/no-position',
    't1: refused volume/no-position',
    't2: 64x64x1 axial, warning volume/too-few-slices',
    'file dicom/declared-size',
    'file dicom/no-identifiers',
    'file dicom/no-identifiers',
    'file dicom/truncated',
    'file dicom/truncated',
    'file dicom/truncated',
    'file dicom/truncated',
    '1 skipped',
  ],
  'philips-mprage-study': [
    'other: 4 x 80x80x53 axial',
    'other: 80x80x53 axial',
    'other: 80x80x53 axial',
    'other: 80x80x53 axial',
    'other: 80x80x53 axial',
    'other: 96x96x40 axial',
    'other: 96x96x40 axial',
    't1: 256x256x170 sagittal',
    '1 skipped',
  ],
  'philips-t1w-ffe-axial-phantom': [
    'other: 256x256x24 axial',
    't1: 256x256x24 axial',
  ],
  'philips-t1w-tse-enhanced-phantom': [
    'other: 256x256x12 axial',
    't1: 256x256x12 axial',
  ],
  'selection-distractors': [
    'flair: 256x256x1 axial, warning volume/too-few-slices',
    'other: 3 x 256x256x32 axial',
    'other: 384x384x1 oblique, warning volume/too-few-slices',
    'other: dicom/no-pixels',
  ],
  'siemens-mosaic-epi': [
    'other: 2 x 64x64x35 axial',
    'other: 2 x 64x64x35 axial',
    'other: 2 x 86x86x36 axial',
    'other: 2 x 86x86x36 axial',
  ],
  'siemens-t1-fl2d-sag-hfp-jpeg-ls': [
    't1: 256x256x35 sagittal',
    '1 skipped',
  ],
  'siemens-xa10-enhanced-epi': [
    'other: 4 x 64x64x6 axial',
    'other: 4 x 64x64x6 axial',
  ],
  'tumour-btp-01-t1-post': [
    'other: 256x256x24 axial',
    't1c: 256x256x24 axial',
  ],
  'tumour-tcga-fg-6692-native': [
    'flair: 208x256x26 axial',
    't1: 256x224x26 axial',
    't1c: 256x224x26 axial',
    't2: 224x256x26 axial',
  ],
  'twelve-bit-unsigned': [
    'other: 64x64x35 axial',
    'other: 64x64x35 axial',
    'other: 64x64x35 axial',
    '1 skipped',
  ],
  'uih-dti-vframe': [
    'other: 2 x 64x64x20 axial',
    '1 skipped',
  ],
};

describeWithData('brat series', () => {
  const folders = hasSharedData ? readdirSync(sharedData).filter((name) => statSync(join(sharedData, name)).isDirectory()) : [];

  test('every folder of real data has an expectation', () => {
    expect(folders.sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(folders)('of %s is what its documentation and its reference files say', async (folder) => {
    const { code, out } = await runBrat(['series', join(sharedData, folder), '--json'], { dataDir: temporaryFolder() });
    expect(code).toBe(0);
    expect(describeFound(JSON.parse(out) as Found)).toEqual(expected[folder]);
  });
});

const words = z.string().min(1);
const ms = z.number().min(0);
const promisedDraft = z.object({
  study: z.object({ uid: z.literal(tumourStudy.studyUid), reason: words }),
  series: z.object({ uid: z.literal(tumourStudy.series.t1c), role: z.literal('t1c'), rank: z.literal(1), reason: words, warning: z.null() }),
  views: z.object({ count: z.literal(tiny.views), size: z.literal(tiny.hidden) }),
  sentences: z.array(z.object({ text: words, similarity: z.number().min(-1).max(1), view: z.int().min(0).max(tiny.views - 1), slice: z.int().min(0).max(25), supported: z.boolean() })).min(1),
  similar: z.array(z.object({ case: z.literal(tumourStudy.studyUid), similarity: z.number(), report: words })),
  model: z.object({ pack: z.literal('tiny'), version: z.literal('0.1.0'), provider: z.literal('cpu') }),
  timings: z.object({ read: ms, preprocess: ms, encode: ms, search: ms, draft: ms, ground: ms, total: ms }),
  peakMemoryBytes: z.int().min(1),
});

describeWithData('the post-contrast patient as a DICOM study', () => {
  let pack = '';
  beforeAll(async () => { pack = (await makeTinyPack()).folder; });
  afterAll(() => { rmSync(pack, { recursive: true, force: true }); });

  test('is drafted from its T1 post-contrast series, with everything a program reads; it is not its own prior case', async () => {
    const [source, dataDir] = [temporaryFolder(), temporaryFolder()];
    await wrapTumourStudy(source);
    const reports = join(dataDir, 'reports.csv');
    writeFileSync(reports, `study_uid,report\n${tumourStudy.studyUid},"There is an enhancing mass. The ventricles are normal in size."\n`);
    for (const args of [['import', source, '--reports', reports], ['index', '--pack', pack]]) expect(await runBrat(args, { dataDir })).toMatchObject({ code: 0 });
    const found = await runBrat(['search', '--text', 'an enhancing mass', '--pack', pack, '--json'], { dataDir });
    expect(JSON.parse(found.out)).toMatchObject({ cases: [{ case: tumourStudy.studyUid, report: expect.stringContaining('enhancing') as string }] });
    const { code, out, err } = await runBrat(['draft', source, '--pack', pack, '--provider', 'cpu', '--json'], { dataDir });
    expect(code, err).toBe(0);
    expect(promisedDraft.parse(JSON.parse(out)).similar).toEqual([]);
    for (const name of tumourStudy.patientName.split('^')) expect(out + err).not.toContain(name);
  });
});
