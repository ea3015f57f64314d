/** WebGPU without a graphics card: SwiftShader, which comes with Debian's Chromium. */
import { existsSync } from 'node:fs';

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';

export const hasSoftwareGpu = existsSync(driver);

/** Said in the name of a suite that needs it. */
export const softwareGpuNote = hasSoftwareGpu ? '' : ' (skipped: needs SwiftShader of Debian\'s Chromium)';

/** @param folder that processes may write to while they run */
export async function withSoftwareGpu<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  // The Vulkan loader is Chromium's too; a child process reads the path when it starts.
  Object.assign(process.env, { VK_DRIVER_FILES: driver, XDG_RUNTIME_DIR: folder, LD_LIBRARY_PATH: '/usr/lib/chromium' });
  try {
    return await work();
  } finally {
    process.env = before;
  }
}
