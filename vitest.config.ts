import { defineConfig } from 'vitest/config';

/**
 * Tests are sorted by what they need: `unit` nothing, `pack` the demo pack, `data` the folder of real DICOM
 * (BRAT_TEST_DATA, by default ../shared/data), `parity` the Python environment of training/.
 */
const project = (name: string, include: string[], exclude: string[] = []) => ({
  test: { name, include, exclude: ['**/node_modules/**', '**/dist/**', ...exclude], testTimeout: 120_000, hookTimeout: 120_000, pool: 'forks' as const },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts', 'scripts/**/*.test.ts'], ['**/*.{pack,data,parity}.test.ts']),
      project('pack', ['src/**/*.pack.test.ts']),
      project('data', ['src/**/*.data.test.ts']),
      project('parity', ['src/**/*.parity.test.ts']),
    ],
  },
});
