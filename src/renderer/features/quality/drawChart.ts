/** One chart on a canvas by uPlot; loaded when the board is opened and not before. */
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { texts } from '../../texts.ts';
import type { ChartLine } from './series.ts';

/** Dashes beside the colours, so that lines differ without them. */
export const dashes: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [9, 3, 2, 3]];

const axisFont = '11px "Inter Variable", sans-serif';

export interface ChartContent {
  readonly months: readonly string[];
  readonly lines: readonly ChartLine[];
  /** Place of each line among all that are drawn, which gives its colour and dashes. */
  readonly places: readonly number[];
  /** From 0 to this; null for as much as the values need. */
  readonly top: number | null;
  readonly shown: (value: number) => string;
}

/** @returns the way to take it off the page */
export function drawChart(target: HTMLElement, { months, lines, places, top, shown }: ChartContent): () => void {
  const style = getComputedStyle(target);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const grid = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: colour('--text-2'), font: axisFont, grid, ticks: grid };
  const size = (): { width: number; height: number } => ({ width: target.clientWidth, height: target.clientHeight });
  const highest = Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const chart = new UPlot({
    ...size(),
    legend: { show: false },
    cursor: { show: false },
    scales: {
      // Half a month of room on both sides, so that a single month has its place too.
      x: { time: false, range: () => [-0.5, months.length - 0.5] },
      y: { range: () => [0, top ?? (highest === 0 ? 1 : highest * 1.15)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 30, space: 70, incrs: [1, 2, 3, 6, 12, 24, 60], values: (_, splits) => splits.map((at) => (Number.isInteger(at) && months[at] !== undefined ? texts.quality.monthName(months[at]) : '')) },
      { ...axis, size: 56, space: 28, values: (_, splits) => splits.map(shown) },
    ],
    series: [
      {},
      ...lines.flatMap((_, at): UPlot.Series[] => {
        const stroke = colour(`--series-${places[at]!}`);
        return [
          { stroke, width: 2, dash: [...dashes[places[at]!]!], spanGaps: false, points: { show: true, size: 8, width: 2, stroke, fill: colour('--panel') } },
          { stroke: 'transparent', width: 0, points: { show: true, size: 8, width: 2, stroke, fill: stroke } },
        ];
      }),
    ],
  }, [months.map((_, at) => at), ...lines.flatMap(({ values, tooFew }) => [[...values], values.map((value, at) => (tooFew[at] === true ? null : value))])], target);
  const follow = new ResizeObserver(() => { chart.setSize(size()); });
  follow.observe(target);
  return () => {
    follow.disconnect();
    chart.destroy();
  };
}
