// Completion and documentation for the place of the cursor, from what `schema.js` knows.
import { insertCompletionText, pickedCompletion } from "@codemirror/autocomplete";

import { declared, names, outline, tableAt } from "./outline.js";
import { aboutKey, aboutWord, isSection, keysOf, wordsFor } from "./schema.js";

const outlineOf = (state) => outline(state.doc.toString().split("\n"));

function shown([heading, sentences]) {
  const box = document.createElement("div");
  box.className = "about";
  const title = box.appendChild(document.createElement("strong"));
  title.textContent = heading;
  for (const sentence of sentences) {
    box.appendChild(document.createElement("p")).textContent = sentence;
  }
  return box;
}

// ---- completion

export const completions = (words) => (context) => {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const found = outlineOf(context.state);
  const going = found.open.get(line.number);
  if (going !== undefined) return values(words, found, context, line, going, before);
  const header = before.match(/^\s*\[{1,2}[^\]]*$/);
  if (header) return headers(words, found, context, line);
  const pair = before.match(/^\s*([\w.-]+)\s*=\s*(.*)$/);
  if (pair) return values(words, found, context, line, names(pair[1]).at(-1), pair[2]);
  return keys(words, found, context, line, before);
};

function keys(words, found, context, line, before) {
  const word = before.match(/^\s*([\w-]*)$/);
  if (!word || (!word[1] && !context.explicit)) return null;
  const table = tableAt(found, line.number);
  const options = [...keysOf(words, found, table)]
    .filter(([name, { node }]) => !table.keys.has(name) &&
      !(table.line === 0 && isSection(words.schema, node)))
    .map(([name, one]) => ({
      label: name, apply: `${name} = `, type: "property", boost: one.required ? 2 : 0,
      detail: one.required ? "required" : "", info: () => shown(aboutKey(words, name, one)),
    }));
  const sections = table.keys.size || table.line ? headerOptions(words, found) : [];
  return { from: context.pos - word[1].length, options: [...options, ...sections],
    validFor: /^[\w-]*$/ };
}

// Puts a word in, over the brackets or the quote that were closed after the cursor by themselves
const over = (closing) => (view, completion, from, to) => {
  const rest = view.state.sliceDoc(to, to + 2);
  const end = to + (rest.match(closing)?.[0].length ?? 0);
  view.dispatch({
    ...insertCompletionText(view.state, completion.label, from, end),
    annotations: pickedCompletion.of(completion),
  });
};

function headers(words, found, context, line) {
  const from = line.from + line.text.search(/\S/);
  return { from, options: headerOptions(words, found), validFor: /^[[\w.]*$/ };
}

// `[images]`, `[[conditions]]`, `[networks.name]`: sections that may still be begun
function headerOptions({ schema }, found) {
  const there = new Set(found.tables.map((table) => table.names.join(".")));
  return Object.entries(schema.properties).flatMap(([name, node]) => {
    const isList = node.type === "array";
    if (!isSection(schema, node) && name !== "texts") return [];
    const free = node.patternProperties && name !== "texts";
    if (!isList && !free && there.has(name)) return [];
    const text = isList ? `[[${name}]]` : free ? `[${name}.name]` : `[${name}]`;
    return [{ label: text, apply: over(/^\]+/), type: "class", boost: -1,
      info: () => shown(aboutKey({ schema }, name,
        { node, required: (schema.required ?? []).includes(name) })) }];
  });
}

function values(words, found, context, line, key, before) {
  const token = before.match(/(?:^|[\s,[{=])(["']?)([\w.:-]*)$/);
  if (!token || (!token[0].trim() && !context.explicit && token[2] === "" && before.trim())) return null;
  const known = wordsFor(words, found, line.number, key, declared);
  if (!known.length) return null;
  const [, quote, typed] = token;
  return {
    from: context.pos - typed.length - quote.length,
    options: known.map((word) => {
      const isText = typeof word === "string";
      const label = isText ? `"${word}"` : String(word);
      const about = isText && aboutWord(words, word);
      return { label, apply: over(quote ? /^["']/ : /^$/), type: isText ? "text" : "constant", info: about ? () => shown(about) : undefined };
    }),
  };
}

// ---- documentation under the pointer, and at the cursor on request

export function aboutPlace(words, state, pos) {
  const line = state.doc.lineAt(pos);
  const found = outlineOf(state);
  const table = tableAt(found, line.number);
  if (table.line === line.number) {
    const parent = { ...table, names: table.names.slice(0, 1) };
    const node = words.schema.properties[parent.names[0]];
    const required = (words.schema.required ?? []).includes(parent.names[0]);
    return node ? { from: line.from, to: line.to,
      about: aboutKey(words, table.names.join("."), { node, required }) } : null;
  }
  const at = state.wordAt(pos);
  const text = at && state.sliceDoc(at.from, at.to);
  const pair = line.text.match(/^\s*([\w.-]+)\s*=/);
  if (pair && pos <= line.from + pair[0].length) {
    const key = names(pair[1]).at(-1);
    const one = keysOf(words, found, table).get(key);
    return one ? { from: line.from + line.text.search(/\S/), to: line.from + pair[0].length,
      about: aboutKey(words, key, one) } : null;
  }
  const about = text && aboutWord(words, text);
  return about ? { from: at.from, to: at.to, about } : null;
}

export const tooltipOf = (place) => ({
  pos: place.from, end: place.to, above: true, create: () => ({ dom: shown(place.about) }),
});
