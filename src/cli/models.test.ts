import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBrat, type BratEnd } from '../testing/bratCommand.ts';
import { writeOfficialCheckpoint } from '../testing/officialCheckpoint.ts';

const root = mkdtempSync(join(tmpdir(), 'brat-cli-models-'));
const weights = join(root, 'DenseNet121.bin');
const dataDir = join(root, 'data');
beforeAll(() => writeOfficialCheckpoint(weights));
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

const brat = (...args: string[]): Promise<BratEnd> => runBrat(['models', ...args], { dataDir });
const models = (): string[] => readdirSync(join(dataDir, 'models'));

test('a pack is imported once its licence is accepted, listed with who did, made the default, and removed', async () => {
  const refused = await brat('import', '--weights', weights, '--size', '32,64,64');
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('models/licence-not-accepted') as string, out: expect.stringContaining('creativecommons.org/licenses/by-nc-sa/4.0') as string });
  const imported = await brat('import', '--weights', weights, '--size', '32,64,64', '--name', 'Mine', '--accept-licence', '--accepted-by', 'Dr Reader', '--json');
  expect(imported.err).toBe('');
  const { pack } = JSON.parse(imported.out) as { pack: string };
  expect(pack).toMatch(/^mine@1\.0\.0\+[0-9a-f]{12}$/);
  expect(models()).toEqual(['mine']);

  expect((await brat('default', pack)).code).toBe(0);
  const { packs } = JSON.parse((await brat('list', '--json')).out) as { packs: { key: string; inUse: boolean; nonCommercial?: boolean; accepted: { by: string }[] }[] };
  expect(packs.find(({ key }) => key === pack)).toMatchObject({ inUse: true, nonCommercial: true, accepted: [{ by: 'Dr Reader' }] });

  expect((await brat('remove', 'demo')).err).toMatch(/models\/shipped|pack\/not-found/);
  expect((await brat('remove', pack)).code).toBe(0);
  expect(models()).toEqual([]);
  expect((await brat('check', pack)).err).toContain('pack/not-found');
});

test('weights that are none, and calls that lack a part, end with a code and leave nothing', async () => {
  const none = join(root, 'none.bin');
  writeFileSync(none, 'no weights');
  expect(await brat('import', '--weights', none, '--accept-licence')).toMatchObject({ code: 1, err: expect.stringContaining('models/bad-checkpoint') as string });
  expect(await brat('import', '--weights', join(root, 'absent.bin'), '--accept-licence')).toMatchObject({ code: 1, err: expect.stringContaining('import/not-found') as string });
  expect((await brat('import')).code).toBe(2);
  expect((await brat('remove')).code).toBe(2);
  expect(models()).toEqual([]);
});
