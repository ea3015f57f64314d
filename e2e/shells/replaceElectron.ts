/** Preloaded with `node --import`: `electron` means the stand-in from here on. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) => (specifier === 'electron' ? { url: new URL('./electronStandIn.ts', import.meta.url).href, shortCircuit: true } : next(specifier, context)),
});
