import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dicomFile, dicomImage } from '../../testing/dicomFiles.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { zipFile } from '../../testing/zipFile.ts';
import { defaultArchiveLimits, extractArchive } from './archive.ts';
import { scanPaths } from './scan.ts';
import type { ScanEvent } from './scan.ts';

const image = (uid: string): Buffer => dicomImage({ pixels: [1, 2, 3, 4], sopInstanceUid: uid });

async function scan(paths: readonly string[], workDir = temporaryFolder()): Promise<ScanEvent[]> {
  const events: ScanEvent[] = [];
  for await (const event of scanPaths(paths, { workDir })) events.push(event);
  return events;
}

/** What became of each file, as `name: outcome`. */
function outcomes(events: readonly ScanEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.kind === 'instance') return [`${event.header.source.name}: ${event.header.sopInstanceUid}`];
    if (event.kind === 'skipped') return [`${event.name}: ${event.why}`];
    return event.kind === 'problem' ? [`${event.name}: ${event.error.code}`] : [];
  });
}

const notDicom = 'This is not a DICOM file';

describe('a folder', () => {
  test('is searched to any depth; what is no image is skipped, what is broken is named, and the rest goes on', async () => {
    const folder = temporaryFolder({ 'a/b/c/1.dcm': image('2.25.1'), 'a/2': image('2.25.2'), 'notes.txt': 'hello', 'a/broken.dcm': image('2.25.3').subarray(0, -3), 'z.dcm': image('2.25.4') });
    const root = folder.split('/').at(-1);
    expect(outcomes(await scan([folder]))).toEqual([`${root}/a/2: 2.25.2`, `${root}/a/b/c/1.dcm: 2.25.1`, `${root}/a/broken.dcm: dicom/truncated`, `${root}/notes.txt: ${notDicom}`, `${root}/z.dcm: 2.25.4`]);
  });

  test('the same instance twice counts once', async () => {
    const folder = temporaryFolder({ one: image('2.25.1'), two: image('2.25.1') });
    expect(outcomes(await scan([join(folder, 'one'), join(folder, 'two')]))).toEqual(['one: 2.25.1', 'two: duplicate']);
  });

  test('links in a circle and a named pipe hold nothing up', async () => {
    const folder = temporaryFolder({ 'in/1.dcm': image('2.25.1') });
    symlinkSync(folder, join(folder, 'in', 'loop'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const root = folder.split('/').at(-1);
    expect(outcomes(await scan([folder]))).toEqual([`${root}/dangling: import/not-found`, `${root}/in/1.dcm: 2.25.1`, `${root}/pipe: This is not a regular file`]);
  });

  test('a path that does not exist is a problem by name', async () => {
    expect(outcomes(await scan(['/nowhere/at/all']))).toEqual(['all: import/not-found']);
  });

  test('progress is told and the caller can stop it', async () => {
    const folder = temporaryFolder(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}`, image(`2.25.${i}`)])));
    expect((await scan([folder])).filter((event) => event.kind === 'progress').at(-1)).toEqual({ kind: 'progress', seen: 40, current: '' });
    const stop = new AbortController();
    const stopped = async (): Promise<void> => {
      for await (const event of scanPaths([folder], { workDir: folder, signal: stop.signal })) if (event.kind === 'instance') stop.abort();
    };
    await expect(stopped()).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('a zip archive', () => {
  test('is unpacked file by file, under names of ours; what was no image is not kept', async () => {
    const folder = temporaryFolder({ 'cd.zip': zipFile([{ name: 'IMAGES/I1', content: image('2.25.1'), deflate: true }, { name: 'IMAGES/', content: new Uint8Array(0) }, { name: 'readme.txt', content: Buffer.from('hello') }, { name: 'I2', content: image('2.25.2') }]) });
    const workDir = temporaryFolder();
    const events = await scan([folder], workDir);
    const root = folder.split('/').at(-1);
    expect(outcomes(events)).toEqual([`${root}/cd.zip!/IMAGES/I1: 2.25.1`, `${root}/cd.zip!/readme.txt: ${notDicom}`, `${root}/cd.zip!/I2: 2.25.2`]);
    const kept = readdirSync(workDir).flatMap((name) => readdirSync(join(workDir, name)));
    expect(kept).toEqual(['1', '4']);
    for (const event of events) if (event.kind === 'instance') expect(existsSync(event.header.source.path)).toBe(true);
  });

  test.each([
    ['a parent folder', '../evil.dcm', undefined], ['a parent folder in the middle', 'a/../../evil.dcm', undefined], ['a parent folder with backslashes', '..\\evil.dcm', undefined],
    ['an absolute path', '/etc/evil.dcm', undefined], ['a drive', 'C:\\evil.dcm', undefined], ['a symbolic link', 'link', 0o120777],
  ])('an entry that is %s is refused, and the rest goes on', async (_, name, mode) => {
    const folder = temporaryFolder({ 'x.zip': zipFile([{ name, content: image('2.25.1'), ...(mode === undefined ? {} : { mode }) }, { name: 'good', content: image('2.25.2') }]) });
    const found = outcomes(await scan([join(folder, 'x.zip')]));
    expect(found).toEqual([`x.zip!/${name.replaceAll('\\', '/')}: import/outside-folder`, 'x.zip!/good: 2.25.2']);
    expect(readdirSync(folder)).toEqual(['x.zip']);
  });

  test('an entry with more bytes than declared is refused and not kept', async () => {
    const folder = temporaryFolder({ 'x.zip': zipFile([{ name: 'bomb', content: new Uint8Array(1_000_000), deflate: true, declaredSize: 1000 }, { name: 'good', content: image('2.25.2') }]) });
    const workDir = temporaryFolder();
    expect(outcomes(await scan([join(folder, 'x.zip')], workDir))).toEqual(['x.zip!/bomb: archive/unreadable', 'x.zip!/good: 2.25.2']);
    expect(readdirSync(workDir).flatMap((name) => readdirSync(join(workDir, name)))).toEqual(['2']);
  });

  test('a bomb that declares its size is refused before a byte of it is written', async () => {
    const folder = temporaryFolder({ 'x.zip': zipFile([{ name: 'bomb', content: new Uint8Array(3_000_000), deflate: true }, { name: 'good', content: image('2.25.2') }]) });
    const limits = { ...defaultArchiveLimits, ratioFreeBytes: 1_000_000 };
    const events: string[] = [];
    for await (const event of extractArchive(join(folder, 'x.zip'), 'x.zip', temporaryFolder(), limits)) events.push(`${event.name}: ${event.kind === 'problem' ? event.error.code : 'out'}`);
    expect(events).toEqual(['x.zip!/bomb: archive/unreadable', 'x.zip!/good: out']);
  });

  test.each([
    ['an encrypted entry', zipFile([{ name: 'secret', content: image('2.25.1'), deflate: true, flags: 1 }]), 'x.zip!/secret: archive/unreadable'],
    ['an archive cut short', zipFile([{ name: 'a', content: image('2.25.1') }]).subarray(0, 300), 'x.zip: archive/unreadable'],
    ['an archive within', zipFile([{ name: 'inner.zip', content: zipFile([]) }]), 'x.zip!/inner.zip: This is an archive within an archive'],
  ])('%s is named', async (_, bytes, outcome) => {
    const folder = temporaryFolder({ 'x.zip': bytes });
    expect(outcomes(await scan([join(folder, 'x.zip')]))).toEqual([outcome]);
  });
});

describe('a DICOMDIR', () => {
  const directory = (...references: string[]): Buffer =>
    dicomFile([['00041220', 'SQ', [[['00041430', 'CS', 'PATIENT']], ...references.map((reference) => [['00041430', 'CS', 'IMAGE'], ['00041500', 'CS', reference]] as const)]], ['00080016', 'UI', '1.2.840.10008.1.3.10']]);

  test('given by itself stands for the files it lists, whatever the case of their names', async () => {
    const folder = temporaryFolder({ DICOMDIR: directory('IMAGES\\I1', 'IMAGES\\I2'), 'images/i1': image('2.25.1'), 'images/I2.;1': image('2.25.2'), 'images/extra': image('2.25.3') });
    expect(outcomes(await scan([join(folder, 'DICOMDIR')]))).toEqual(['IMAGES/I1: 2.25.1', 'IMAGES/I2: 2.25.2', 'DICOMDIR: This is a directory of DICOM files, not an image']);
  });

  test('in a folder adds nothing to what is there, and misses nothing it does not list', async () => {
    const folder = temporaryFolder({ DICOMDIR: directory('I1', 'GONE'), I1: image('2.25.1'), extra: image('2.25.3') });
    const root = folder.split('/').at(-1);
    expect(outcomes(await scan([folder]))).toEqual([`${root}/GONE: import/not-found`, `${root}/DICOMDIR: This is a directory of DICOM files, not an image`, `${root}/I1: 2.25.1`, `${root}/extra: 2.25.3`]);
  });

  test.each(['..\\SECRET', '../SECRET', 'SUB\\..\\..\\SECRET', '\\SECRET', 'C:\\SECRET', 'LINK'])('a reference %s out of its folder is refused by name', async (reference) => {
    const outer = temporaryFolder({ SECRET: image('2.25.9'), 'cd/DICOMDIR': directory(reference), 'cd/SUB/x': '' });
    symlinkSync(join(outer, 'SECRET'), join(outer, 'cd', 'LINK'));
    const events = await scan([join(outer, 'cd', 'DICOMDIR')]);
    expect(events.filter((event) => event.kind === 'problem').map((event) => event.error.code)).toEqual(['import/outside-folder']);
    expect(events.some((event) => event.kind === 'instance')).toBe(false);
  });
});
