/** Start file: the engine in a child process of Node, with an IPC channel of advanced serialization to its shell. */
import { processPipe } from '../transport/process.ts';
import { configFromArguments } from './config.ts';
import { serveEngine } from './serveEngine.ts';

const pipe = processPipe(process);
const engine = await serveEngine(configFromArguments(process.argv));
engine.serveShell(pipe);
// A shell that is gone, however it went, leaves nobody to work for.
pipe.onClose(() => { void engine.close().finally(() => process.exit(0)); });
