// Pieces of HTML that the page's sections are made of. Whatever comes from a record is escaped here.
import { html } from './text.js';

export function paragraph(text, className = '') {
  return `<p${className ? ` class="${className}"` : ''}>${html(text)}</p>\n`;
}

// `rows` of plain text. `marks`: which datum of the chart's series a row is; `names`: the variant that it is about.
export function table(columns, rows, { caption, series, marks, names } = {}) {
  const cells = (row) => row.map((text) => `<td>${html(text)}</td>`).join('');
  const attributes = (i) => (series ? ` tabindex="0" data-series="${series}" data-mark="${marks ? marks[i] : i}"${names?.[i] ? ` data-variant="${html(names[i])}"` : ''}` : '');
  return `<table>${caption ? `<caption>${html(caption)}</caption>` : ''}<thead><tr>${columns.map((c) => `<th scope="col">${html(c)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row, i) => `<tr${attributes(i)}>${cells(row)}</tr>`).join('\n')}</tbody></table>\n`;
}

// Wide tables scroll by themselves, by keyboard, too.
export function scrolling(inner, label) {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${html(label)}">${inner}</div>\n`;
}

// A chart: canvas where there is a script, else (and in print) its static picture; and the table of its data.
export function figure({ key, chart, svg, file, picks }) {
  const named = picks ? chart.table.rows.map((row) => row[0]) : undefined;
  return `<figure id="figure-${key}" data-chart="${key}"${picks ? ' data-picks="yes"' : ''} aria-labelledby="title-${key}" aria-describedby="words-${key}">
<figcaption class="unseen" id="title-${key}">${html(chart.title)}</figcaption>
<div class="stage" tabindex="0" role="region" aria-label="${html(`Chart: ${chart.title}`)}"><div class="plot" aria-hidden="true"></div>
<img src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}" width="${chart.width}" height="${chart.height}" decoding="async" alt="${html(chart.title)}"></div>
<details><summary>Data of this chart, and what it shows in words</summary>
<p id="words-${key}">${html(chart.description)}</p>
<p class="soft">A row that has the focus lights up its mark. Arrow keys go from row to row.${picks ? ' Enter picks its variant for a comparison.' : ''} The same chart as a file: <code>${html(file)}</code></p>
${scrolling(table(chart.table.columns, chart.table.rows, { series: chart.table.series, marks: chart.table.marks, names: named }), `Data: ${chart.title}`)}</details>
</figure>\n`;
}

export function section(id, heading, inner) {
  return `<section id="${id}" aria-labelledby="h-${id}">\n<h2 id="h-${id}">${html(heading)}</h2>\n${inner}</section>\n`;
}

export function empty(what, command) {
  return `<p class="empty">${html(what)}${command ? ` This fills it:</p>\n<pre tabindex="0">${command.split('\n').map(html).join('\n')}</pre>` : '</p>'}\n`;
}
