/**
 * Opens model packs and refuses what is damaged, altered or inconsistent before any runtime sees it: a wrong weight file
 * would otherwise give a plausible wrong report, and some faults of a GGUF abort the whole process. Graphs are checked
 * further when they are opened (encode/), and their arithmetic by the golden case (encode/selfTest).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { EngineError, toErrorData } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { readNpy, type NpyArray } from '../arrays/npy.ts';
import { readGgufHeader } from './ggufHeader.ts';
import { manifestSchema, type Manifest } from './manifest.ts';
import { packFile, packKey, type BrokenPack, type Pack } from './pack.ts';

const manifestName = 'manifest.json';

/**
 * Opens one pack.
 * @param folder the folder that holds manifest.json
 * @throws EngineError `pack/not-found`, `pack/bad-manifest`, `pack/missing-file`, `pack/altered-file`, `pack/bad-shape`,
 *   `pack/tied-embeddings`; the message names the pack and the file
 */
export async function loadPack(folder: string): Promise<Pack> {
  const manifest = await readManifest(folder);
  const pack: Pack = { folder, manifest };
  checkManifest(pack);
  for (const [name, expected] of Object.entries(manifest.files)) await checkFile(pack, name, expected);
  await checkArrays(pack);
  await checkLanguageModel(pack);
  return pack;
}

/**
 * Opens every pack found one level below the given folders, and those that are packs themselves. A folder that does not
 * exist holds none; what cannot be opened comes back with its reason. Of two with the same id and version, only the first
 * is used.
 */
export async function listPacks(folders: readonly string[]): Promise<(Pack | BrokenPack)[]> {
  const found: (Pack | BrokenPack)[] = [];
  const seen = new Map<string, Pack>();
  for (const root of folders) {
    const below = await readdir(root).catch(() => []);
    // Names that begin with a dot are packs in the making.
    for (const folder of [root, ...below.filter((name) => !name.startsWith('.')).sort().map((name) => join(root, name))]) {
      if (!(await isFile(join(folder, manifestName)))) continue;
      try {
        const pack = await loadPack(folder);
        const twin = seen.get(packKey(pack));
        if (twin) throw refuse(pack, 'pack/bad-manifest', manifestName, `the pack in ${basename(twin.folder)} has the same id and version`, 'Remove one of the two');
        seen.set(packKey(pack), pack);
        found.push(pack);
      } catch (error) {
        found.push({ folder, problem: toErrorData(error, basename(folder)) });
      }
    }
  }
  return found;
}

/** An error that names the pack, the file and what is wrong with it. */
function refuse(pack: Pack | string, code: ErrorCode, file: string, what: string, advice = 'Install the model pack again'): EngineError {
  const name = typeof pack === 'string' ? pack : packKey(pack);
  return new EngineError(code, `Pack ${name}, ${file}: ${what}`, { subject: `${name}/${file}`, advice });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isFile(), () => false);
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestName);
  const name = basename(folder);
  if (!(await isFile(path))) throw new EngineError('pack/not-found', `There is no model pack in ${name}: it holds no ${manifestName}`, { subject: name, advice: 'Choose the folder that holds the manifest' });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw refuse(name, 'pack/bad-manifest', manifestName, `it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw refuse(name, 'pack/bad-manifest', manifestName, z.prettifyError(parsed.error));
  return parsed.data;
}

/** What the schema cannot say: that the parts of the manifest agree with each other. */
function checkManifest(pack: Pack): void {
  const { manifest } = pack;
  const { encoder, text, bridge, llm, golden, files } = manifest;
  const bad = (what: string) => refuse(pack, 'pack/bad-manifest', manifestName, what);

  const named = [
    manifest.licence.file, encoder.file, text?.file, text?.tokenizer, text?.tokenizerConfig, bridge?.file, llm?.file, llm?.reservedEmbeddings, manifest.findings?.file, manifest.lesion?.file, manifest.madeFor?.basis, manifest.madeFor?.kinds,
    golden.volume, golden.views, golden.projected, golden.attention, golden.sentenceVectors,
  ].filter((name) => name !== undefined);
  for (const name of named) if (!Object.hasOwn(files, name)) throw bad(`${name} is used but has no entry in files`);

  if (golden.sentences.length > 0 && golden.sentenceVectors === undefined) throw bad('golden sentences have no sentenceVectors');
  if (manifest.madeFor && manifest.madeFor.parts.slice(-2).join() !== 'unlike,beside') throw bad('the last parts of madeFor are not unlike and beside');
  if (!llm) return;
  // Without a bridge it sees no image; it still answers questions about a text.
  if (bridge && bridge.width !== llm.width) throw bad(`the bridge gives width ${bridge.width}, the language model takes ${llm.width}`);
  if (llm.reservedTokenIds.length !== encoder.views) throw bad(`${llm.reservedTokenIds.length} reserved tokens for ${encoder.views} views`);
  if (new Set(llm.reservedTokenIds).size !== llm.reservedTokenIds.length) throw bad('a reserved token id occurs twice');
  const outside = llm.reservedTokenIds.find((id) => id >= llm.vocabulary);
  if (outside !== undefined) throw bad(`reserved token id ${outside} is outside the vocabulary of ${llm.vocabulary}`);
  if (llm.maxTokens + encoder.views >= llm.contextSize) throw bad(`${llm.maxTokens} tokens and ${encoder.views} views do not fit a context of ${llm.contextSize}`);
}

/** Forgets what was hashed, so that the next load reads every byte again. */
export function forgetHashes(): void {
  verified.clear();
}

/** Files hashed by this process, with what `stat` said then; a full-size pack takes seconds to hash. */
const verified = new Map<string, { readonly stamp: string; readonly sha256: string }>();

async function checkFile(pack: Pack, name: string, expected: { readonly sha256: string; readonly bytes: number }): Promise<void> {
  const path = packFile(pack, name);
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw refuse(pack, 'pack/missing-file', name, 'the file is missing');
  if (found.size !== expected.bytes) throw refuse(pack, 'pack/altered-file', name, `it has ${found.size} bytes, the manifest says ${expected.bytes}`);
  const stamp = `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}`;
  const known = verified.get(path);
  const sha256 = known?.stamp === stamp ? known.sha256 : await hashFile(path);
  verified.set(path, { stamp, sha256 });
  if (sha256 !== expected.sha256) throw refuse(pack, 'pack/altered-file', name, `its SHA-256 is ${sha256.slice(0, 12)}…, the manifest says ${expected.sha256.slice(0, 12)}…`);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Shapes and types of the NPY files, from the manifest. */
async function checkArrays(pack: Pack): Promise<void> {
  const { input, encoder, llm, text, golden } = pack.manifest;
  const positions = encoder.attentionGrid[0] * encoder.attentionGrid[1] * encoder.attentionGrid[2];
  const expected: [name: string | undefined, type: typeof Uint8Array | typeof Float32Array, shape: readonly number[]][] = [
    [golden.volume, Uint8Array, [input.channels.length, ...input.size]],
    [golden.views, Float32Array, [encoder.views, encoder.hidden]],
    [golden.projected, Float32Array, [encoder.views, encoder.width]],
    [golden.attention, Float32Array, [encoder.views, positions]],
    [text && golden.sentenceVectors, Float32Array, [golden.sentences.length, encoder.width]],
    [llm?.reservedEmbeddings, Float32Array, [encoder.views, llm?.width ?? 0]],
  ];
  for (const [name, type, shape] of expected) {
    if (name === undefined) continue;
    const array = await readPackArray(pack, name);
    if (!(array.data instanceof type) || array.shape.join() !== shape.join()) {
      throw refuse(pack, 'pack/bad-shape', name, `it holds ${array.data.constructor.name} [${array.shape.join(', ')}], expected ${type.name} [${shape.join(', ')}]`);
    }
  }
}

/** Reads one NPY file of a pack. @throws EngineError `pack/bad-shape` if it is not one. */
export async function readPackArray(pack: Pack, name: string): Promise<NpyArray> {
  try {
    return readNpy(await readFile(packFile(pack, name)), name);
  } catch (error) {
    throw refuse(pack, 'pack/bad-shape', name, `it is not a readable NPY file (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** What llama.cpp would answer with an abort of the process, or with words drawn from the wrong rows. */
async function checkLanguageModel(pack: Pack): Promise<void> {
  const { llm } = pack.manifest;
  if (!llm) return;
  const bad = (what: string) => refuse(pack, 'pack/bad-shape', llm.file, what);
  const header = await readGgufHeader(packFile(pack, llm.file)).catch((error: unknown) => {
    throw bad(error instanceof Error ? error.message : String(error));
  });
  if (header.architecture !== 'llama') throw bad(`its architecture is ${header.architecture}, only llama is known`);
  if (header.vocabulary !== llm.vocabulary) throw bad(`its vocabulary has ${header.vocabulary} entries, the manifest says ${llm.vocabulary}`);
  if (header.width !== llm.width) throw bad(`its embeddings have width ${header.width}, the manifest says ${llm.width}`);
  if (header.contextSize < llm.contextSize) throw bad(`it was made for ${header.contextSize} tokens, the manifest says ${llm.contextSize}`);
  const embeddings = header.tensors.get('token_embd.weight');
  if (embeddings?.join() !== [llm.width, llm.vocabulary].join()) throw bad(`token_embd.weight is [${embeddings?.join(', ') ?? 'absent'}]`);
  if (!header.tensors.has('output.weight')) {
    throw refuse(pack, 'pack/tied-embeddings', llm.file, 'it has no output.weight of its own, so an adapter on its embeddings would abort the app', 'Import the model again; the importer writes an own output.weight');
  }
}
