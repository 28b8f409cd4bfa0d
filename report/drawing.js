// What all charts are drawn from: a frame of title, legend and caption whose text is measured beforehand, shapes with
// patterns, axes, and one custom series whose marks are laid out in px by their builder. ECharts gives axes, tooltips,
// highlighting and two renderings of it.
import { fontFamily, inert, textWidth, wrapped, plain } from './text.js';

export const sizes = { title: 17, text: 12, small: 11 };
const margin = 16;

// Lines of one pattern within a rectangle, as the d of a path; '' where it has none.
export function patternPath(pattern, x, y, width, height, gap = 6) {
  const parts = [];
  const slanted = (rising) => {
    for (let k = gap / 2; k < width + height; k += gap) {
      // From the left or lower edge to the upper or right one; mirrored where it falls.
      const a = k <= height ? [0, k] : [k - height, height], b = k <= width ? [k, 0] : [width, k - width];
      const at = ([px, py]) => `${+(x + px).toFixed(1)} ${+(y + (rising ? py : height - py)).toFixed(1)}`;
      parts.push(`M${at(a)}L${at(b)}`);
    }
  };
  if (pattern === 'rising' || pattern === 'crossed') slanted(true);
  if (pattern === 'falling' || pattern === 'crossed') slanted(false);
  if (pattern === 'vertical') {
    for (let k = gap / 2; k < width; k += gap) parts.push(`M${+(x + k).toFixed(1)} ${y}L${+(x + k).toFixed(1)} ${y + height}`);
  }
  if (pattern === 'horizontal') {
    for (let k = gap / 2; k < height; k += gap) parts.push(`M${x} ${+(y + k).toFixed(1)}L${x + width} ${+(y + k).toFixed(1)}`);
  }
  return parts.join('');
}

export function rect(x, y, width, height, style, emphasis = {}) {
  return { type: 'rect', shape: { x, y, width: Math.max(width, 0), height }, style, emphasis: { style: emphasis } };
}

export function path(d, style) {
  return { type: 'path', shape: { pathData: d }, style: { fill: 'none', ...style } };
}

export function line(x1, y1, x2, y2, style) {
  return { type: 'line', shape: { x1, y1, x2, y2 }, style };
}

export function words(x, y, text, theme, { size = sizes.text, bold = false, align = 'left', colour, baseline = 'middle' } = {}) {
  return { type: 'text', x, y, style: { text: inert(text), fontSize: size, fontFamily, fontWeight: bold ? 'bold' : 'normal', fill: colour ?? theme.ink, align, verticalAlign: baseline } };
}

// A rectangle filled with colour and pattern.
export function patterned(x, y, width, height, { fill, pattern, stroke }, theme, gap) {
  const shapes = [rect(x, y, width, height, { fill, stroke: stroke ?? theme.paper, lineWidth: stroke ? 1 : 0.5 }, { stroke: theme.ink, lineWidth: 2.5 })];
  const d = pattern && pattern !== 'none' && width >= 2 ? patternPath(pattern, x, y, width, height, gap) : '';
  if (d) shapes.push(path(d, { stroke: stroke && fill === theme.paper ? stroke : fill === theme.paper ? theme.axis : theme.hatch, lineWidth: 1 }));
  return shapes;
}

// Dots are told apart by shape as well.
export function dot(kind, x, y, r, style, emphasis) {
  if (kind === 'circle') return { type: 'circle', shape: { cx: x, cy: y, r }, style, emphasis: { style: emphasis } };
  const points = { diamond: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]], square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    triangle: [[0, -1.25], [1.2, 1], [-1.2, 1]], cross: [[-1, -0.3], [-0.3, -0.3], [-0.3, -1], [0.3, -1], [0.3, -0.3], [1, -0.3], [1, 0.3],
      [0.3, 0.3], [0.3, 1], [-0.3, 1], [-0.3, 0.3], [-1, 0.3]] }[kind];
  return { type: 'polygon', shape: { points: points.map(([px, py]) => [x + r * px, y + r * py]) }, style, emphasis: { style: emphasis } };
}

function titleOf(lines, top, style, left = margin) {
  return { text: lines.join('\n'), left, top, padding: 0, itemGap: 0, textStyle: { fontFamily, ...style } };
}

// Where swatches and their names go, in rows that fit. Returns their shapes and the height that they take.
function legendShapes(legend, left, top, most, theme) {
  const shapes = [];
  let x = left, y = top;
  for (const item of legend) {
    const width = 22 + textWidth(item.name, sizes.small) + 16;
    if (x > left && x + width > left + most) {
      x = left;
      y += 20;
    }
    shapes.push(...(item.shapes ? item.shapes(x, y + 8) : patterned(x, y + 2, 16, 12, { ...item.look, stroke: theme.axis }, theme, 4)));
    shapes.push(words(x + 22, y + 8, item.name, theme, { size: sizes.small, colour: theme.soft }));
    x += width;
  }
  return { shapes, height: legend.length ? y - top + 24 : 0 };
}

// Everything around the plot. `plot` is {left, right, height}: px beside it, and its own height with `axis` px for the
// axis below. Returns the option without series and axes, and the place of the plot.
export function frame({ title, subtitle, faces = [], legend = [], caption, width, theme, plot }) {
  const most = width - 2 * margin;
  const titles = [], marks = [];
  let y = 14;
  const put = (text, size, gap, { bold = false, colour = theme.ink, lines } = {}) => {
    const broken = wrapped(text, most, size, { bold, lines });
    const height = Math.round(size * 1.4);
    titles.push(titleOf(broken, y, { fontSize: size, fontWeight: bold ? 'bold' : 'normal', lineHeight: height, color: colour }));
    y += broken.length * height + gap;
  };
  put(title, sizes.title, 4, { bold: true });
  if (subtitle) put(subtitle, sizes.text, 6, { colour: theme.soft });
  // What spoils a result altogether begins in capitals; the rest is said in one box.
  const loud = faces.filter((face) => /^[A-Z]{3}/.test(face)), mild = faces.filter((face) => !loud.includes(face));
  for (const face of loud) {
    const broken = wrapped(face, most - 20, sizes.text, { bold: true, lines: 3 });
    const height = broken.length * 17 + 8;
    marks.push(rect(margin, y, most, height, { fill: theme.alarmPaper, stroke: theme.alarmInk, lineWidth: 1 }));
    broken.forEach((text, i) => marks.push(words(margin + 10, y + 4 + 17 * i + 8.5, text, theme, { bold: true, colour: theme.alarmInk })));
    y += height + 6;
  }
  if (mild.length) {
    const broken = wrapped(mild.join('; '), most - 20, sizes.small, { lines: 3 });
    const height = broken.length * 15 + 8;
    marks.push(rect(margin, y, most, height, { fill: 'none', stroke: theme.axis, lineWidth: 1 }));
    broken.forEach((text, i) => marks.push(words(margin + 10, y + 4 + 15 * i + 7.5, text, theme, { size: sizes.small })));
    y += height + 6;
  }
  const drawn = legendShapes(legend, margin, y + 2, most, theme);
  y += drawn.height;
  const top = y + 8;
  y = top + plot.height + plot.axis;
  put(caption, sizes.small, 0, { colour: theme.soft });
  return {
    height: y + 12, shapes: [...marks, ...drawn.shapes], grid: { left: plot.left, right: plot.right, top, height: plot.height, width: width - plot.left - plot.right },
    base: {
      animation: false, backgroundColor: theme.paper, textStyle: { fontFamily, color: theme.ink }, title: titles,
      tooltip: { trigger: 'item', renderMode: 'richText', confine: true, backgroundColor: theme.paper, borderColor: theme.axis,
        textStyle: { color: theme.ink, fontFamily, fontSize: sizes.text } },
      aria: { enabled: false },
    },
  };
}

// The option: the frame's own shapes are a series, too, since ECharts' `graphic` knows no paths.
export function compose(framed, { xAxis, yAxis, series, ...more }) {
  return { ...framed.base, grid: gridOption(framed.grid), xAxis, yAxis,
    series: [marksSeries('frame', [{ name: 'frame', shapes: framed.shapes }], { silent: true, z: 50 }), ...series], ...more };
}

export function gridOption(grid) {
  return { left: grid.left, right: grid.right, top: grid.top, height: grid.height, containLabel: false, outerBoundsMode: 'none' };
}

const axisLook = (theme) => ({
  axisLine: { show: true, lineStyle: { color: theme.axis } }, axisTick: { show: true, lineStyle: { color: theme.axis } },
  axisLabel: { interval: 0, color: theme.soft, fontSize: sizes.small, fontFamily, hideOverlap: false, showMinLabel: true, showMaxLabel: true },
  splitLine: { show: true, lineStyle: { color: theme.line } },
  nameLocation: 'middle', nameTextStyle: { color: theme.soft, fontSize: sizes.text, fontFamily },
});

// The next round steps: 1, 2, 2.5 or 5 times a power of ten, about `wanted` of them.
export function niceScale(most, wanted = 6) {
  const raw = Math.max(most, 1e-9) / wanted, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  return { max: Math.ceil(most / step - 1e-9) * step, step };
}

export function linearAxis(name, { max, step, min = 0 }, theme, format) {
  const look = axisLook(theme);
  return { type: 'value', name, nameGap: 28, min, max, interval: step, ...look, axisLabel: { ...look.axisLabel, formatter: format } };
}

const niceRatios = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100,
  200, 500, 1000, 2000, 5000, 10000];
const fineRatios = [0.95, 0.96, 0.97, 0.98, 0.99, 1, 1.01, 1.02, 1.03, 1.04, 1.05];

// An axis of ratios: equal factors are equal lengths. Ticks stand at round ratios, never so close that labels touch.
export function ratioAxis(name, low, high, width, theme) {
  low = Math.min(low, 0.98);
  high = Math.max(high, 1.02);
  const pad = 0.06 * Math.log(high / low), min = Math.log(low) - pad, max = Math.log(high) + pad;
  const x = (ratio) => (Math.log(ratio) - min) / (max - min) * width;
  const inside = [...niceRatios, ...fineRatios].sort((a, b) => a - b).filter((r, i, all) => r !== all[i - 1] && Math.log(r) >= min && Math.log(r) <= max);
  const label = (ratio) => `${Number(ratio.toPrecision(3))}x`;
  const half = (ratio) => textWidth(label(ratio), sizes.small) / 2 + 6;
  const kept = inside.includes(1) ? [1] : [];
  for (const ratio of inside) {
    if (kept.every((other) => Math.abs(x(other) - x(ratio)) > half(other) + half(ratio))) kept.push(ratio);
  }
  kept.sort((a, b) => a - b);
  const values = kept.map(Math.log), look = axisLook(theme);
  return {
    kept, min, max,
    axis: { type: 'value', name, nameGap: 28, min, max, ...look, splitLine: { show: false }, axisTick: { ...look.axisTick, customValues: values },
      axisLabel: { ...look.axisLabel, customValues: values, formatter: (value) => label(Math.exp(value)) } },
  };
}

export function rowAxis(labels, theme) {
  const look = axisLook(theme);
  return { type: 'category', data: labels, inverse: true, ...look, splitLine: { show: false }, axisTick: { show: false },
    axisLabel: { ...look.axisLabel, color: theme.ink, fontSize: sizes.text, lineHeight: 15, margin: 10 } };
}

// Room for the labels of rows, and the labels, cut in the middle where a name is longer than `most`.
export function rowLabels(names, fit, most = 190) {
  const shown = names.map((name) => fit(name, most, sizes.text));
  return { shown, left: Math.ceil(Math.max(40, ...shown.map((name) => textWidth(name, sizes.text)))) + 26 };
}

// Seconds at the ticks of an axis, in one unit and without zeros that say nothing.
export function secondsTicks(most) {
  const [unit, name] = most < 0.1 ? [1e3, 'ms'] : most < 600 ? [1, 's'] : most < 36000 ? [1 / 60, 'min'] : [1 / 3600, 'h'];
  return (value) => (value ? `${Number((value * unit).toPrecision(6))} ${name}` : '0');
}

// Rich text of tooltips knows braces: a name's are parted from what could be taken for a style.
export function tip(lines) {
  return lines.filter(Boolean).map((text) => wrapped(plain(text).replace(/\{(?=\w+\|)/g, '{ '), 380, sizes.text).join('\n')).join('\n');
}

// The series of marks: each {name, shapes, tip}. `name` is the series' own.
export function marksSeries(name, marks, { silent = false, z = 2 } = {}) {
  return {
    type: 'custom', name, silent, z, clip: false, coordinateSystem: 'cartesian2d', encode: { x: -1, y: -1 },
    data: marks.map((mark, i) => ({ name: mark.name, value: [0, 0, i], tip: mark.tip })),
    renderItem: (params) => ({ type: 'group', children: marks[params.dataIndex].shapes }),
    tooltip: silent ? { show: false } : { formatter: (params) => params.data.tip },
  };
}

// "95 % t-intervals of 5 rounds | AMD EPYC, 2 cores | record 0123456789ab of 2026-11-28".
export function captionOf(run, what) {
  const cores = run.environment.cores ? `, ${run.environment.cores} core${run.environment.cores === 1 ? '' : 's'}` : '';
  return [what, `${run.environment.cpu}${cores}`, `photofinish ${run.environment.version}${run.engine ? `, engine ${run.engine}` : ''}`,
    `record ${run.id}${run.started ? ` of ${run.started}` : ''}`].filter(Boolean).join(' | ');
}
