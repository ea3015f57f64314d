/** Dates, durations and names as they are shown. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "2019-03-07" as "07 Mar 2019", which no reader takes for another order; anything else is shown as it came. */
export function shownDate(iso: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso);
  const month = parts === null ? undefined : months[Number(parts[2]) - 1];
  return parts === null || month === undefined ? iso : `${parts[3]!} ${month} ${parts[1]!}`;
}

/** An instant as "25 Nov 2026, 14:05" in the time of this computer. */
export function shownDateTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(at.getDate())} ${months[at.getMonth()]!} ${at.getFullYear()}, ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "340 ms", "2.4 s". */
export function shownTime(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** DICOM's "Family^Given^Middle" as "Family, Given Middle". */
export function shownName(personName: string): string {
  const [family = '', ...given] = (personName.split('=')[0] ?? '').split('^').map((part) => part.trim());
  const rest = given.filter(Boolean).join(' ');
  return rest === '' ? family : family === '' ? rest : `${family}, ${rest}`;
}

/** "54 y, M", or what of it is known. */
export function shownAgeSex(ageYears: number | null, sex: string): string {
  return [ageYears === null ? '' : `${ageYears} y`, sex].filter(Boolean).join(' · ');
}

/** Cosine similarity with its sign only where it matters. */
export function shownSimilarity(value: number): string {
  return value.toFixed(2);
}
