// Puts the modules of the page's script into one text: they import each other by relative names and share one scope, in
// which no two of them may declare the same name (the page's test loads it).
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export function inlined(entry) {
  const seen = new Set(), parts = [];
  const take = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    const body = text.replace(/^import\s+\{[^}]*\}\s+from\s+'(\.[^']+)';\n/gm, (whole, name) => {
      if (/\sas\s/.test(whole)) throw new Error(`${file}: "as" cannot be inlined`);
      take(resolve(dirname(file), name));
      return '';
    });
    if (/^(import|export\s+default)\b/m.test(body)) throw new Error(`${file}: only named imports of own modules can be inlined`);
    // What is private to a module stays private to it; what it exports is the page's.
    const names = [...body.matchAll(/^export\s+(?:async\s+)?(?:function|const|let|class)\s+(\w+)/gm)].map((m) => m[1]);
    const own = body.replace(/^export\s+/gm, '');
    parts.push(names.length ? `const { ${names.join(', ')} } = (() => {\n${own}\nreturn { ${names.join(', ')} };\n})();` : `(() => {\n${own}\n})();`);
  };
  take(resolve(entry));
  return `'use strict';\n(() => {\n${parts.join('\n')}\n})();\n`;
}
