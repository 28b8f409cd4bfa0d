// The table of widths is the font's, and the static charts name that font. Skipped where the font is not installed.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fontFolder, moduleText } from './font_widths.js';

test('the widths are those of the font files', { skip: !existsSync(`${fontFolder}/DejaVuSans.ttf`) }, () => {
  assert.equal(readFileSync(new URL('../../report/font.js', import.meta.url), 'utf8'), moduleText());
});

test('the lock file names no host', () => {
  const lock = readFileSync(new URL('../../report/package-lock.json', import.meta.url), 'utf8');
  assert.doesNotMatch(lock, /resolved|:\/\//);
  assert.ok(Object.entries(JSON.parse(lock).packages).every(([name, one]) => !name || /^sha512-/.test(one.integrity)));
});
