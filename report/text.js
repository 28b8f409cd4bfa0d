// Text: names made fit to be shown, numbers in words, and how wide text is in the one font that charts use.
import { regularWidths, boldWidths } from './font.js';

export const fontFamily = 'DejaVu Sans, Verdana, sans-serif';

// Controls, bidirectional and invisible characters and lone surrogates are told by their number: what a name of a
// record holds is never more than text.
const unfit = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

// ECharts keeps texts that it measured in an object without looking whether a name is one that every object has:
// "__proto__" would change all objects, "constructor" break the cache. A space behind them makes them names like others.
export function inert(text) {
  return text in Object.prototype ? `${text}\u00a0` : text;
}

export function plain(value) {
  if (typeof value !== 'string') return '';
  return inert(value.replace(unfit, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`));
}

export function html(value) {
  return plain(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function widthTable(blocks) {
  const table = new Map();
  for (const [first, widths] of blocks) widths.forEach((width, i) => width >= 0 && table.set(first + i, width));
  return table;
}
const widths = { regular: widthTable(regularWidths), bold: widthTable(boldWidths) };

// In px. What the font has no letter for is taken to be a full em wide: another font draws it, no wider.
export function textWidth(text, size, bold = false) {
  const table = bold ? widths.bold : widths.regular;
  let sum = 0;
  for (const letter of text) sum += table.get(letter.codePointAt(0)) ?? 1000;
  return sum * size / 1000;
}

// As ECharts asks for it: font is "bold 12px DejaVu Sans, ...".
export function measureText(text, font) {
  const size = Number(/(\d+(?:\.\d+)?)px/.exec(font ?? '')?.[1] ?? 12);
  return { width: textWidth(text ?? '', size, /bold|[6-9]00/.test(font ?? '')) };
}

// The middle gives way to an ellipsis where the text is wider than `most`.
export function fitted(text, most, size, bold = false) {
  if (textWidth(text, size, bold) <= most) return text;
  const letters = [...text];
  let keep = letters.length;
  while (keep > 2) {
    keep--;
    const head = Math.ceil(keep * 0.6);
    const cut = letters.slice(0, head).join('') + '…' + letters.slice(letters.length - (keep - head)).join('');
    if (textWidth(cut, size, bold) <= most) return inert(cut);
  }
  return '…';
}

// Lines of at most `most` px, broken at spaces; a word that is too long is broken where it must be. At most `lines`
// of them: the last one then ends in an ellipsis.
export function wrapped(text, most, size, { bold = false, lines = Infinity } = {}) {
  const out = [];
  let line = '';
  for (let word of text.split(' ')) {
    const longer = line ? `${line} ${word}` : word;
    if (textWidth(longer, size, bold) <= most) {
      line = longer;
      continue;
    }
    if (line) out.push(line);
    while (textWidth(word, size, bold) > most) {
      let cut = [...word];
      while (cut.length > 1 && textWidth(cut.join(''), size, bold) > most) cut.pop();
      out.push(cut.join(''));
      word = word.slice(cut.join('').length);
    }
    line = word;
  }
  if (line) out.push(line);
  if (out.length > lines) {
    let last = out[lines - 1];
    while (last && textWidth(`${last} …`, size, bold) > most) last = last.slice(0, -1).trimEnd();
    return [...out.slice(0, lines - 1), `${last} …`].map(inert);
  }
  return out.map(inert);
}

export function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

const none = '–';

export function seconds(value) {
  if (!isNumber(value)) return none;
  if (value < 0.00095) return `${(value * 1e6).toFixed(0)} us`;
  if (value < 0.0995) return `${(value * 1e3).toFixed(value < 0.00995 ? 1 : 0)} ms`;
  if (value < 9.995) return `${value.toFixed(2)} s`;
  if (value < 599.5) return `${value.toFixed(value < 99.95 ? 1 : 0)} s`;
  const minutes = Math.round(value / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

// "1.52 s ±0.04": the half width is the upper one, as in the terminal's tables.
export function timeInterval(interval) {
  if (!interval) return none;
  const text = seconds(interval.mean);
  if (interval.high === null) return text;
  const half = interval.high - interval.mean;
  if (interval.mean >= 599.5) return `${text} ±${seconds(half)}`;
  const ms = interval.mean < 0.0995;
  const digits = ms ? (interval.mean < 0.00995 ? 1 : 0) : interval.mean < 9.995 ? 2 : interval.mean < 99.95 ? 1 : 0;
  return `${text} ±${(ms ? half * 1e3 : half).toFixed(digits)}`;
}

export function ratio(value) {
  if (!isNumber(value)) return none;
  return `${value >= 99.5 ? value.toPrecision(3) : value.toFixed(2)}x`;
}

export function ratioInterval(interval) {
  if (!interval) return none;
  return interval.low === null ? ratio(interval.mean)
    : `${ratio(interval.mean)} (${ratio(interval.low).slice(0, -1)} to ${ratio(interval.high).slice(0, -1)})`;
}

export function bytes(value) {
  if (!isNumber(value)) return none;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 999.5 && unit < 4) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(unit >= 3 && value < 99.5 ? 1 : 0)} ${units[unit]}`;
}

export function percent(share) {
  return isNumber(share) ? `${(100 * share).toFixed(Math.abs(share) < 0.0995 ? 1 : 0)} %` : none;
}

export function count(value) {
  return isNumber(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',') : none;
}

export function plural(n, word) {
  return `${count(n)} ${word}${n === 1 ? '' : 's'}`;
}

export function rounded(value, digits = 3) {
  return isNumber(value) ? String(Number(value.toPrecision(digits))) : none;
}
