/** Values of DICOM's text forms of numbers, dates, times and ages. What breaks the form is null or empty, never thrown. */

/** A decimal or integer string (VR DS, IS); null when it is not a finite number. Some writers use a decimal comma. */
export function parseDecimal(text: string): number | null {
  const trimmed = text.replaceAll('\0', '').trim();
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/.test(trimmed)) return null;
  const value = Number(trimmed.replace(',', '.'));
  return Number.isFinite(value) ? value : null;
}

/** `YYYYMMDD` (or the retired `YYYY.MM.DD`) as `YYYY-MM-DD`; empty unless it is a day of the calendar. */
export function parseDate(text: string): string {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(text.trim());
  if (match === null) return '';
  const [, year = '', month = '', day = ''] = match;
  const iso = `${year}-${month}-${day}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) && Number(year) >= 1800 ? iso : '';
}

/** `HHMMSS.FFFFFF` with trailing parts left out as `HH:MM:SS[.FFFFFF]`; empty when it is no time of day. */
export function parseTime(text: string): string {
  const match = /^(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?$/.exec(text.trim());
  if (match === null) return '';
  const [, hours = '', minutes = '00', seconds = '00', fraction = ''] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return '';
  return `${hours}:${minutes}:${seconds}${fraction}`;
}

/** An age string (VR AS: `045Y`, `018M`, `003W`, `002D`) in whole years; null when it cannot be read. */
export function parseAgeYears(text: string): number | null {
  const match = /^(\d{1,3})([DWMY])$/.exec(text.trim().toUpperCase());
  if (match === null) return null;
  const perYear = { D: 365.25, W: 52.18, M: 12, Y: 1 }[match[2] as 'D' | 'W' | 'M' | 'Y'];
  return Math.floor(Number(match[1]) / perYear);
}

/** Completed years between two ISO dates; null when either is missing or they are in the wrong order or over 130 apart. */
export function yearsBetween(birth: string, day: string): number | null {
  if (birth === '' || day === '') return null;
  const years = Number(day.slice(0, 4)) - Number(birth.slice(0, 4)) - (day.slice(5) < birth.slice(5) ? 1 : 0);
  return years >= 0 && years <= 130 ? years : null;
}
