// The texts of an SVG with the boxes that they take, by the advance widths of the font that charts name.
import { textWidth } from '../../report/text.js';

const decoded = (text) => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code)).replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"')
  .replace(/&amp;/g, '&');

export function textsOf(svg) {
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, content]) => {
    const attribute = (name) => new RegExp(` ${name}="([^"]*)"`).exec(` ${attributes}`)?.[1] ?? '';
    const style = attribute('style'), size = Number(/font-size:([\d.]+)px/.exec(style)?.[1] ?? NaN);
    const text = decoded(content), width = textWidth(text, size, /font-weight:bold/.test(style)), anchor = attribute('text-anchor');
    const transform = attribute('transform'), turned = /^matrix\(0,-1,1,0,/.test(transform);
    const move = /^(?:translate\(|matrix\(0,-1,1,0,)(-?[\d.]+)[ ,]+(-?[\d.]+)\)$/.exec(transform) ?? (transform ? [0, NaN, NaN] : [0, 0, 0]);
    const left = Number(attribute('x') || 0) - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0), base = Number(attribute('y') || 0);
    // Letters reach so far above and below their base.
    let box = { left, right: left + width, top: base - 0.76 * size, bottom: base + 0.24 * size };
    if (turned) box = { left: box.top, right: box.bottom, top: -box.right, bottom: -box.left };
    const at = { x: Number(move[1]), y: Number(move[2]) };
    return { text, size, left: box.left + at.x, right: box.right + at.x, top: box.top + at.y, bottom: box.bottom + at.y };
  });
}

// Sentences about texts that lie outside or over each other; none where all is well.
export function faultsOf(svg, width, height) {
  const texts = textsOf(svg).filter((one) => one.text.trim()), faults = [], slack = 0.75;
  texts.forEach((one, i) => {
    if (!Number.isFinite(one.left + one.right + one.top + one.bottom)) faults.push(`"${one.text}" has no place`);
    if (one.left < -slack || one.top < -slack || one.right > width + slack || one.bottom > height + slack) faults.push(`"${one.text}" lies outside`);
    for (const other of texts.slice(i + 1)) {
      if (one.left < other.right - slack && other.left < one.right - slack && one.top < other.bottom - slack && other.top < one.bottom - slack) {
        faults.push(`"${one.text}" lies over "${other.text}"`);
      }
    }
  });
  return faults;
}
