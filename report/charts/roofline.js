// The roofline: what a core may do at most by its operations a byte, with measured ceilings, and where the pose network stands
// below them. Both axes are logarithmic: equal factors are equal lengths.
import { captionOf, compose, dot, frame, line, marksSeries, path, ratioAxis, sizes, tip, words } from '../drawing.js';
import { fitted, rounded } from '../text.js';

const shapesOf = ['diamond', 'square', 'triangle', 'circle', 'cross'];

// What can be drawn: the explanations whose intensity, rate and limits are known.
export function rooflineOf(explanations) {
  return explanations.filter((own) => own.intensity > 0 && own.gflops > 0 && own.peak > 0 && own.memory > 0);
}

export function roofline(explanations, { width = 1000, theme, id = 'roofline' }) {
  const found = rooflineOf(explanations);
  if (!found.length) return null;
  const roofOf = (own) => Math.min(own.peak, own.intensity * own.memory), rateText = (own) => `${rounded(own.gflops)} GFLOP/s, ${Math.round(100 * own.gflops / roofOf(own))} % of the roof`;
  const { peak, memory, peakName } = found[0], ridge = peak / memory, plotHeight = 320;
  const intensities = [...found.map((own) => own.intensity), ridge], rates = [...found.map((own) => own.gflops), peak];
  const lowX = Math.min(...intensities) / 8, highX = Math.max(...intensities) * 8;
  const lowY = Math.min(...rates, lowX * memory * 4) / 2, highY = peak * 2;
  const framed = frame({
    title: 'Roofline of the pose network, one core', theme, width, faces: [],
    subtitle: 'Operations are counted multiply-adds, two each. Operations a byte are computed as if every layer went to memory; what caches keep moves a point to the right.',
    legend: found.map((own, i) => ({ name: `${fitted(own.variant, 360, sizes.small)}: ${rateText(own)}`, shapes: (x, y) => [dot(shapesOf[i % shapesOf.length], x + 9, y, 5, { fill: theme.orange }, {})] })),
    caption: captionOf(found[0], `ceilings measured right after the run of ${found[0].variant}; the median trial of each`),
    plot: { left: 84, right: 40, height: plotHeight, axis: 58 },
  });
  const { grid } = framed, across = ratioAxis('operations a byte', lowX, highX, grid.width, theme), up = ratioAxis('GFLOP/s, higher is better', lowY, highY, plotHeight, theme);
  const number = (value) => rounded(Math.exp(value));
  const axes = [across, up].map(({ axis }) => ({ ...axis, axisLine: { ...axis.axisLine, onZero: false }, axisLabel: { ...axis.axisLabel, formatter: number } }));
  const x = (v) => grid.left + (Math.log(v) - across.min) / (across.max - across.min) * grid.width;
  const y = (v) => grid.top + (1 - (Math.log(v) - up.min) / (up.max - up.min)) * plotHeight;
  const first = Math.max(Math.exp(across.min), Math.exp(up.min) / memory), last = Math.exp(across.max);
  const roof = { stroke: theme.blue, lineWidth: 2.5 };
  const ceiling = `${peakName || 'peak'}: ${rounded(peak)} GFLOP/s`, slope = `memory: ${rounded(memory)} GB/s`;
  const backdrop = [path(`M${x(first).toFixed(1)} ${y(first * memory).toFixed(1)}L${x(ridge).toFixed(1)} ${y(peak).toFixed(1)}L${x(last).toFixed(1)} ${y(peak).toFixed(1)}`, roof),
    words(grid.left + grid.width - 6, y(peak) - 11, ceiling, theme, { size: sizes.small, align: 'right' }),
    words(x(first) + 14, Math.min(y(first * memory) + 4, grid.top + plotHeight - 12), slope, theme, { size: sizes.small })];
  const marks = found.map((own, i) => {
    const at = x(own.intensity);
    return { name: own.variant, shapes: [line(at, y(own.gflops), at, y(roofOf(own)), { stroke: theme.axis, lineWidth: 1, lineDash: [2, 3] }),
      dot(shapesOf[i % shapesOf.length], at, y(own.gflops), 6, { fill: theme.orange, stroke: theme.paper, lineWidth: 1 }, { stroke: theme.ink, lineWidth: 2.5 })],
    tip: tip([own.variant, `${rounded(own.intensity)} operations a byte`, rateText(own)]) };
  });
  return {
    id, title: 'Roofline of the pose network', width, height: framed.height,
    description: `${found.map((own) => `${own.variant}: ${rounded(own.gflops)} GFLOP/s at ${rounded(own.intensity)} operations a byte.`).join(' ')} The roof: memory ${rounded(memory)} GB/s, ${ceiling}.`,
    option: compose(framed, { xAxis: axes[0], yAxis: { ...axes[1], nameGap: 52 }, series: [marksSeries('roof', [{ name: 'roof', shapes: backdrop }], { silent: true, z: 1 }), marksSeries('network', marks)] }),
    table: { columns: ['variant', 'operations a byte, computed', 'GFLOP/s', 'roof, GFLOP/s'], series: 'network',
      rows: found.map((own) => [own.variant, rounded(own.intensity), rounded(own.gflops), rounded(roofOf(own))]) },
    names: [ceiling, slope],
  };
}
