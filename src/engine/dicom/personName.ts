/** Person names (PS3.5 section 6.2, VR PN) as people read them. */

/**
 * `Family^Given^Middle^Prefix^Suffix=ideographic=phonetic` as `Family, Given Middle`. The alphabetic group is
 * preferred, then the ideographic, then the phonetic. Empty for a name with nothing but delimiters or asterisks.
 */
export function displayName(value: string): string {
  const groups = value.split('=').map(nameOfGroup);
  return groups.find((name) => name !== '') ?? '';
}

function nameOfGroup(group: string): string {
  const [family = '', given = '', middle = ''] = group.split('^').map((part) => part.replaceAll('\0', '').replaceAll(/\s+/g, ' ').trim());
  const first = [given, middle].filter((part) => part !== '').join(' ');
  const name = [family, first].filter((part) => part !== '').join(', ');
  return /^\*+$/.test(name) ? '' : name;
}
