/** What the window shows of the engine itself, and the settings a reader may change. */
import type { AppStatus, Handlers } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { packKey, packSummary } from '../pack/pack.ts';
import type { Clock, Log } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import type { Store } from '../store/openStore.ts';
import { writeSetting } from '../store/settings.ts';
import { countStudies } from '../store/studies.ts';
import type { Archive } from './archive.ts';
import type { Changes } from './changes.ts';
import { providerNames, type Models, type WantedProvider } from './models.ts';
import type { Queue } from './queue.ts';

export interface StatusParts {
  readonly version: string;
  readonly store: Store;
  readonly models: Models;
  readonly archive: Archive;
  readonly changes: Changes;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

const isProvider = (name: string): name is WantedProvider => (providerNames as readonly string[]).includes(name);

export function statusHandlers(parts: StatusParts): Pick<Handlers, 'app.status' | 'settings.get' | 'settings.set'> {
  const { store, models, archive, changes, queue, clock, log } = parts;
  let testing = false;

  /** Providers are tested once the window has its first answer, so that the first study does not wait for it. */
  function testProviders(): void {
    if (testing || models.providerSoFar.choice) return;
    testing = true;
    void queue
      .enter(new AbortController().signal)
      .then(async (leave) => {
        try {
          const { provider, fallback } = await models.provider();
          log.info('provider.chosen', { provider, fallback });
        } finally {
          leave();
        }
      })
      .catch((error: unknown) => { log.error('provider.none', { code: error instanceof EngineError ? error.code : 'bug/unexpected' }); })
      .finally(() => {
        testing = false;
        changes.emit(null);
      });
  }

  return {
    'app.status': async (): Promise<AppStatus> => {
      const packs = await models.packs();
      const pack = await models.pack().catch(() => null);
      const { choice, states, problem } = models.providerSoFar;
      if (pack && !choice) testProviders();
      return {
        version: parts.version,
        pack: pack && packSummary(pack),
        packs: packs.map(packSummary),
        providers: [...states],
        provider: choice ? { name: choice.provider, fallback: choice.fallback, message: choice.message } : { name: '', fallback: false, message: problem ?? (pack ? 'being tested' : 'no model pack') },
        caseCount: archive.caseCount,
        studyCount: countStudies(store.db),
      };
    },
    'settings.get': async () => ({ provider: models.wantedProvider, pack: models.wantedPack === '' ? await models.pack().then(packKey, () => '') : models.wantedPack }),
    'settings.set': async ({ provider, pack }, { signal }) => {
      if (provider !== undefined && !isProvider(provider)) {
        throw new EngineError('onnx/provider-unavailable', `There is no provider ${provider}`, { subject: provider, advice: `Choose one of: ${providerNames.join(', ')}` });
      }
      // Models are exchanged only when none is at work.
      const leave = await queue.enter(signal);
      try {
        await models.choose({ ...(pack !== undefined && { pack }), ...(provider !== undefined && { provider }) });
        if (provider !== undefined) writeSetting(store.db, 'provider', provider);
        if (pack !== undefined) writeSetting(store.db, 'pack', pack);
        recordAudit(store.db, clock, 'setting.changed', { ...(provider !== undefined && { provider }), ...(pack !== undefined && { pack }) });
      } finally {
        leave();
      }
      changes.emit(null);
      return {};
    },
  };
}
