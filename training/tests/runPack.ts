/**
 * Runs a pack as the app does and prints what it gives on its golden case as one JSON object, for the Python tests to
 * compare with PyTorch: `node training/tests/runPack.ts PACK_FOLDER "sentence" ...`.
 */
import { createBridge } from '../../src/engine/draft/bridge.ts';
import { createEncoder } from '../../src/engine/encode/encoder.ts';
import { readGolden } from '../../src/engine/encode/golden.ts';
import { createTextEncoder } from '../../src/engine/encode/textEncoder.ts';
import { loadPack } from '../../src/engine/pack/load.ts';
import { loadTextModel } from '../../src/native/llama.ts';
import { createOnnxRuntime } from '../../src/native/onnx.ts';

const [folder = '', ...sentences] = process.argv.slice(2);
const { signal } = new AbortController();
const pack = await loadPack(folder);
const runtime = createOnnxRuntime();
const encoder = await createEncoder(runtime, pack, 'cpu');
const textEncoder = await createTextEncoder(runtime, pack);
const bridge = await createBridge(runtime, pack);
const model = await loadTextModel(pack, { gpu: false });

const golden = await readGolden(pack);
const encoded = await encoder.encode(golden.volume, { signal });
const vectors = await textEncoder.encodeSentences(sentences);
const embeddings = await bridge.map(encoded);
let text = '';
let stop = '';
for await (const piece of model.write(pack.manifest.llm!.prompt, embeddings, { signal, maxTokens: 60, seed: 0 })) {
  if ('text' in piece) text += piece.text;
  else stop = piece.stop;
}
console.log(JSON.stringify({ projected: [...encoded.projected], attention: [...encoded.attention], vectors: [...vectors], embeddings: [...embeddings.data], text, stop }));
await model.close();
await Promise.all([encoder.release(), textEncoder.release(), bridge.release()]);
await runtime.close();
