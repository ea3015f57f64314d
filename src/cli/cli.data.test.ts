/** The real command on real files: a right result or a named refusal for every folder, and the whole way for the tumour study. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorCodes } from '../shared/errors.ts';
import { runBrat, type BratEnd } from '../testing/bratCommand.ts';
import { describeWithData, hasSharedData, sharedData } from '../testing/sharedData.ts';
import { makeTinyPack } from '../testing/tinyPack.ts';
import { tumourStudy, wrapTumourStudy } from '../testing/wrapTumourStudy.ts';

let [work, pack] = ['', ''];
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'brat-cli-data-'));
  pack = (await makeTinyPack()).folder;
});
afterAll(() => { for (const folder of [work, pack]) rmSync(folder, { recursive: true, force: true }); });

const brat = (args: readonly string[]): Promise<BratEnd> => runBrat(args, { dataDir: join(work, 'data') });

const folders = hasSharedData ? readdirSync(sharedData).filter((name) => statSync(join(sharedData, name)).isDirectory()) : [];

describeWithData('on real data', () => {
  test.each(folders)('series and draft of %s give a result or a refusal by name', async (name) => {
    const series = await brat(['series', join(sharedData, name), '--json']);
    expect(series.signal).toBeNull();
    const listed = JSON.parse(series.out) as { studies?: { series: { reason: string; stacks: { dims: number[] | null; problems: { severity: string }[] }[] }[] }[]; error?: { code: string } };
    for (const { reason, stacks } of listed.studies?.flatMap((study) => study.series) ?? []) {
      expect(reason).not.toBe('');
      for (const stack of stacks) if (stack.dims === null) expect(stack.problems.some((problem) => problem.severity === 'refused')).toBe(true);
    }
    const draft = await brat(['draft', join(sharedData, name), '--pack', pack, '--provider', 'cpu', '--json']);
    expect(draft.signal).toBeNull();
    const drafted = JSON.parse(draft.out) as { error?: { code: string }; sentences?: unknown[] };
    expect(draft.code === 0).toBe(drafted.error === undefined);
    if (drafted.error) {
      expect(errorCodes).toContain(drafted.error.code);
      expect(drafted.error.code).not.toBe('bug/unexpected');
    }
  });

  test('the post-contrast study is imported, and drafted from its T1 post-contrast series among decoys', async () => {
    const source = join(work, 'tumour');
    await wrapTumourStudy(source);
    expect((await brat(['import', source])).code).toBe(0);
    const { code, out } = await brat(['draft', source, '--pack', pack, '--provider', 'cpu', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ study: { uid: tumourStudy.studyUid }, series: { uid: tumourStudy.series.t1c, role: 't1c', rank: 1, warning: null } });
    for (const { slice } of (JSON.parse(out) as { sentences: { slice: number }[] }).sentences) expect(slice).toBeLessThan(26);
  });
});
