// Advance widths of DejaVu Sans, read from the font files. `node font_widths.js` prints the module report/font.js anew;
// without being the main program it only exports what reads them.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export const fontFolder = '/usr/share/fonts/truetype/dejavu';
// Latin, Greek and Cyrillic letters, punctuation, arrows and signs that the charts use.
const ranges = [[0x20, 0x7e], [0xa0, 0x24f], [0x370, 0x3ff], [0x400, 0x4ff], [0x2010, 0x2027], [0x2030, 0x203a],
  [0x2190, 0x2193], [0x2212, 0x2212], [0x2248, 0x2248], [0x2264, 0x2265]];

function tableOf(view, tag) {
  for (let i = 0; i < view.getUint16(4); i++) {
    const at = 12 + 16 * i;
    const name = String.fromCharCode(...[0, 1, 2, 3].map((k) => view.getUint8(at + k)));
    if (name === tag) return view.getUint32(at + 8);
  }
  throw new Error(`no table ${tag}`);
}

// A function from code point to glyph, by the font's table of format 4.
function glyphs(view) {
  const cmap = tableOf(view, 'cmap');
  for (let i = 0; i < view.getUint16(cmap + 2); i++) {
    const at = cmap + view.getUint32(cmap + 4 + 8 * i + 4);
    if (view.getUint16(at) !== 4) continue;
    const segments = view.getUint16(at + 6) / 2;
    const ends = at + 14, starts = ends + 2 * segments + 2, deltas = starts + 2 * segments, offsets = deltas + 2 * segments;
    return (code) => {
      for (let k = 0; k < segments; k++) {
        if (code > view.getUint16(ends + 2 * k)) continue;
        const start = view.getUint16(starts + 2 * k), offset = view.getUint16(offsets + 2 * k);
        if (code < start) return 0;
        if (!offset) return (code + view.getUint16(deltas + 2 * k)) & 0xffff;
        const glyph = view.getUint16(offsets + 2 * k + offset + 2 * (code - start));
        return glyph ? (glyph + view.getUint16(deltas + 2 * k)) & 0xffff : 0;
      }
      return 0;
    };
  }
  throw new Error('no character map of format 4');
}

// Widths in thousandths of an em, for each code point of `ranges`; -1 where the font has no glyph.
export function widthsOf(file) {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const glyph = glyphs(view), hmtx = tableOf(view, 'hmtx');
  const em = view.getUint16(tableOf(view, 'head') + 18), count = view.getUint16(tableOf(view, 'hhea') + 34);
  return ranges.map(([first, last]) => {
    const widths = [];
    for (let code = first; code <= last; code++) {
      const id = glyph(code);
      widths.push(id ? Math.round(1000 * view.getUint16(hmtx + 4 * Math.min(id, count - 1)) / em) : -1);
    }
    return [first, widths];
  });
}

const packed = (blocks) => '[\n' + blocks.map(([first, widths]) => {
  const lines = [];
  for (let i = 0; i < widths.length; i += 24) lines.push('    ' + widths.slice(i, i + 24).join(', '));
  return `  [0x${first.toString(16)}, [\n${lines.join(',\n')},\n  ]],\n`;
}).join('') + ']';

export function moduleText() {
  return `// Advance widths of DejaVu Sans in thousandths of an em, so that text is measured alike wherever a chart is laid out.
// Written by tests/report/font_widths.js from the font files; -1: the font has no such letter.
export const regularWidths = ${packed(widthsOf(`${fontFolder}/DejaVuSans.ttf`))};
export const boldWidths = ${packed(widthsOf(`${fontFolder}/DejaVuSans-Bold.ttf`))};
`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(process.argv[2], moduleText());
}
