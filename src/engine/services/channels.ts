/**
 * Series that a pack reads as channels of one input. The model compares channels cell by cell, so all must lie in one frame of
 * reference: the first one there is sets the grid, the others are sampled on it by their true positions
 * (volume/preprocessing/ontoGrid), and one that cannot be laid over it is left empty, as one that was not acquired is. What
 * was used and what was not is said to the reader.
 */
import type { Role } from '../../shared/contract.ts';
import { ijk, invertAffine, patientToVoxel, voxelToPatient } from '../../shared/geometry.ts';
import type { Stack, StackGeometry } from '../volume/types.ts';

export interface JoinedChannels {
  /** One for each role: a stack to read, or null for an empty channel. */
  readonly stacks: readonly (Stack | null)[];
  /** Channel whose grid is the input's; null where no stack makes a volume. */
  readonly first: number | null;
  /** `Read T1c and FLAIR; left empty: T1 (none in the study), T2 (another frame of reference than T1c)`; empty for a single channel. */
  readonly note: string;
}

const names: Readonly<Record<Role, string>> = { t1c: 'T1c', t1: 'T1', t2: 'T2', flair: 'FLAIR', other: 'other' };

/** @param found the stack chosen for each role, or null where the study has none */
export function joinChannels(roles: readonly Role[], found: readonly (Stack | null)[]): JoinedChannels {
  const at = found.findIndex((stack) => stack?.geometry != null);
  const first = found[at];
  if (!first?.geometry) return { stacks: found.map(() => null), first: null, note: '' };
  const lead = { stack: first, geometry: first.geometry };
  const faults = found.map((stack, channel) => (channel === at ? null : fault(stack, lead, names[roles[at]!])));
  const stacks = found.map((stack, channel) => (faults[channel] === null ? stack : null));
  if (roles.length === 1) return { stacks, first: at, note: '' };
  const used = roles.filter((_, channel) => stacks[channel] !== null).map((role) => names[role]);
  const empty = roles.flatMap((role, channel) => (faults[channel] == null ? [] : [`${names[role]} (${faults[channel]})`]));
  return { stacks, first: at, note: [`Read ${list(used)}`, ...(empty.length > 0 ? [`left empty: ${empty.join(', ')}`] : [])].join('; ') };
}

/** Why a stack cannot be a channel beside the first one; null if it can. */
function fault(stack: Stack | null, lead: { readonly stack: Stack; readonly geometry: StackGeometry }, leadName: string): string | null {
  if (stack === null) return 'none in the study';
  if (stack.geometry === null) return 'it makes no volume';
  if (!sameFrame(lead.stack, stack)) return `another frame of reference than ${leadName}`;
  return meets(stack.geometry, lead.geometry) ? null : `it lies beside ${leadName}`;
}

/** NIfTI files state no frame of reference: those of one study are taken to be in the one that their headers place them in. */
function sameFrame(a: Stack, b: Stack): boolean {
  const isNifti = (stack: Stack): boolean => stack.slices[0]?.instance.kind === 'nifti';
  return a.geometry!.frameOfReferenceUid === b.geometry!.frameOfReferenceUid || (isNifti(a) && isNifti(b));
}

/** Points along each axis at which two volumes are held against each other. */
const probes = 9;

/** Whether two volumes share any part of the patient. */
function meets({ dims, voxelToLps }: StackGeometry, other: StackGeometry): boolean {
  const toVoxel = invertAffine(voxelToLps);
  const at = (size: number, probe: number): number => ((size - 1) * probe) / (probes - 1);
  const [ni, nj, nk] = other.dims;
  for (let probe = 0; probe < probes ** 3; probe++) {
    const point = voxelToPatient(other.voxelToLps, ijk(at(ni, probe % probes), at(nj, Math.floor(probe / probes) % probes), at(nk, Math.floor(probe / probes ** 2))));
    const place = patientToVoxel(toVoxel, point);
    if (dims.every((size, axis) => place[axis]! > -0.5 && place[axis]! < size - 0.5)) return true;
  }
  return false;
}

const list = (items: readonly string[]): string => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`);
