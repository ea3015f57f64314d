/**
 * `node scripts/searchGrowth.ts RESULT.json… > docs/search-growth.svg`: draws how search times grow with the archive, from
 * results of `brat bench search --json`. Both axes are logarithmic.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const result = z.object({ cases: z.int(), p50Ms: z.number(), p95Ms: z.number(), bruteForceP50Ms: z.number(), provenP50Ms: z.number() });
type Result = z.output<typeof result>;

const [width, height, left, right, top, bottom] = [760, 440, 64, 190, 24, 48];
const lines: readonly { readonly name: string; readonly colour: string; readonly of: (item: Result) => number }[] = [
  { name: 'every case, plain loops', colour: '#8a8f98', of: (item) => item.bruteForceP50Ms },
  { name: 'index, proven', colour: '#b07a2a', of: (item) => item.provenP50Ms },
  { name: 'index, 95th percentile', colour: '#2f7ed8', of: (item) => item.p95Ms },
  { name: 'index, median', colour: '#0b4f9e', of: (item) => item.p50Ms },
];

const results = process.argv.slice(2).map((path) => result.parse(JSON.parse(readFileSync(path, 'utf8')))).sort((a, b) => a.cases - b.cases);
if (results.length < 2) throw new Error('name at least two results of brat bench search --json');

const decades = (values: readonly number[]): readonly [number, number] => [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
const [fewest, most] = decades(results.map((item) => item.cases));
const [least, longest] = decades(results.flatMap((item) => lines.map(({ of }) => of(item))));
const x = (cases: number): number => left + ((Math.log10(cases) - fewest) / (most - fewest)) * (width - left - right);
const y = (ms: number): number => height - bottom - ((Math.log10(ms) - least) / (longest - least)) * (height - top - bottom);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const place = (value: number): string => value.toFixed(1);

const grid = [
  ...range(fewest, most).map((power) => `<path class="grid" d="M${place(x(10 ** power))} ${top}V${height - bottom}"/><text x="${place(x(10 ** power))}" y="${height - bottom + 18}" text-anchor="middle">${(10 ** power).toLocaleString('en-GB')}</text>`),
  ...range(least, longest).map((power) => `<path class="grid" d="M${left} ${place(y(10 ** power))}H${width - right}"/><text x="${left - 8}" y="${place(y(10 ** power) + 4)}" text-anchor="end">${power < 3 ? `${10 ** power} ms` : `${10 ** (power - 3)} s`}</text>`),
];
// Names stand where their lines end, one below the other.
let lowest = -Infinity;
const drawn = lines.map(({ name, colour, of }) => {
  const last = results.at(-1)!;
  const at = Math.max(y(of(last)) + 4, lowest + 15);
  lowest = at;
  const points = results.map((item) => `${place(x(item.cases))},${place(y(of(item)))}`);
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${points.map((one) => `<circle cx="${one.split(',')[0]!}" cy="${one.split(',')[1]!}" r="3" fill="${colour}"/>`).join('')}<text x="${place(x(last.cases) + 10)}" y="${place(at)}" fill="${colour}">${name}</text>`;
});

process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Time of a search against the number of cases">
<style>.grid { stroke: #d5d8dd; } text:not([fill]) { fill: #4a4f57; }</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${[...grid, ...drawn].join('\n')}
<text x="${place((left + width - right) / 2)}" y="${height - 8}" text-anchor="middle">cases in the archive</text>
</svg>
`);
