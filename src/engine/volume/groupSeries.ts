/**
 * Instances to series, by SeriesInstanceUID alone. A unit of its own because one import holds many studies, and
 * because the same instance often arrives twice (copied folders, a DICOMDIR and its folder): it counts once.
 */
import type { InstanceHeader } from '../dicom/types.ts';
import type { Series } from './types.ts';

/**
 * @returns one series per SeriesInstanceUID, in the order of first appearance; instances keep their order, the second
 *   of two with the same SOPInstanceUID is left out
 */
export function groupSeries(instances: readonly InstanceHeader[]): Series[] {
  const series = new Map<string, { studyUid: string; instances: Map<string, InstanceHeader> }>();
  for (const instance of instances) {
    const key = `${instance.studyUid}\n${instance.seriesUid}`;
    const group = series.get(key) ?? { studyUid: instance.studyUid, instances: new Map<string, InstanceHeader>() };
    series.set(key, group);
    if (!group.instances.has(instance.sopInstanceUid)) group.instances.set(instance.sopInstanceUid, instance);
  }
  return [...series.values()].map((group) => {
    const members = [...group.instances.values()];
    return { seriesUid: members[0]!.seriesUid, studyUid: group.studyUid, instances: members };
  });
}
