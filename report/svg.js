// Charts as static SVG: ECharts' rendering without a browser, then made the same each time and told to readers of
// screens, both of which ECharts leaves out there.
import { createRequire } from 'node:module';
import { html, measureText } from './text.js';

const echarts = createRequire(import.meta.url)('echarts/dist/echarts.min.js');
echarts.setPlatformAPI({ measureText });

// Ids count up within a process; renumbered in the order of their coming up, two renders are the same bytes.
function normalised(svg, id) {
  const seen = new Map();
  const renamed = svg.replace(/zr\d+-[\w-]+/g, (name) => {
    if (!seen.has(name)) seen.set(name, `${id}-${seen.size}`);
    return seen.get(name);
  });
  // Not every reader knows dominant-baseline; the middle of a line of the font lies so far above its base.
  return renamed.replace(/<text dominant-baseline="central"([^>]*?font-size:(\d+(?:\.\d+)?)px[^>]*?)>/g, (whole, rest, size) => {
    const shift = Number((0.36 * size).toFixed(2));
    const moved = rest.replace(/ y="(-?[\d.]+)"/, (y, value) => ` y="${Number((Number(value) + shift).toFixed(2))}"`);
    return `<text${moved === rest ? ` y="${shift}"${rest}` : moved}>`;
  });
}

export function renderSvg(chart) {
  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, width: chart.width, height: chart.height });
  try {
    drawing.setOption(chart.option);
    const svg = normalised(drawing.renderToSVGString(), chart.id);
    const end = svg.indexOf('>') + 1;
    const head = svg.slice(0, end - 1).replace(/\s*(role|aria-[a-z]+)="[^"]*"/g, '');
    return `${head} role="img" aria-labelledby="${chart.id}-title ${chart.id}-desc">\n<title id="${chart.id}-title">${html(chart.title)}</title>\n` +
      `<desc id="${chart.id}-desc">${html(chart.description)}</desc>\n${svg.slice(end)}\n`;
  } finally {
    drawing.dispose(); // or Node never ends
  }
}
