// The study file's box as an editor. Without this script the box is a plain one, and all works.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { lintGutter, linter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap,
  lineNumbers, showTooltip,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { preview } from "./preview.js";
import { aboutPlace, completions, tooltipOf } from "./help.js";

const CHECKED_AFTER = 600;

const theme = EditorView.theme({
  "&": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--line)",
    borderRadius: "var(--radius)", fontSize: ".875rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, monospace", lineHeight: "1.5", minHeight: "20rem" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--card)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in oklab, var(--accent) 8%, transparent)" },
  ".cm-activeLineGutter": { color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "color-mix(in oklab, var(--accent) 30%, var(--card))" },
  ".cm-selectionMatch, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--chosen)" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--card)", color: "var(--ink)",
    border: "1px solid var(--line)", borderRadius: "var(--radius)" },
  ".cm-tooltip": { maxWidth: "min(90vw, 30rem)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete": { overflow: "visible", maxWidth: "none" },
  ".cm-tooltip-autocomplete ul li": { padding: "4px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "inherit" },
  ".cm-tooltip.cm-completionInfo": { padding: "0", maxWidth: "min(90vw, 24rem)" },
  ".about": { padding: "8px 12px", fontFamily: "var(--type)", fontSize: ".85rem", overflowWrap: "anywhere" },
  ".about p": { margin: "4px 0 0" },
  ".cm-diagnostic": { fontFamily: "var(--type)", borderLeftColor: "var(--warn)", padding: "8px 12px" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--warn)",
    textUnderlineOffset: "3px" },
  // Its own mark is a picture in a data: address, which the site's policy does not load.
  ".cm-lint-marker.cm-lint-marker-error": { content: "normal", color: "var(--warn)" },
  ".cm-lint-marker.cm-lint-marker-error::before": { content: '"●"' },
  ".cm-panel input, .cm-panel button": { font: "inherit", color: "var(--ink)",
    backgroundColor: "var(--ground)", backgroundImage: "none", border: "1px solid var(--line)" },
});

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--accent)" },
  { tag: [tags.atom, tags.number, tags.bool], color: "var(--warn)" },
  { tag: [tags.heading, tags.bracket, tags.atom], fontWeight: "600" },
  { tag: tags.propertyName, color: "var(--ink)" },
]);

// ---- errors at their line, as the server's own check tells them

function sent(form, view) {
  const data = new FormData();
  for (const [name, value] of new FormData(form)) {
    // Texts and short fields; no file, which would be sent with every word that is written
    if (name !== "toml" && typeof value === "string") data.append(name, value);
  }
  data.append("toml", view.state.doc.toString());
  return data;
}

function diagnostic(doc, { line, sentence }) {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const from = at.from + Math.max(at.text.search(/\S/), 0);
  return { from, to: Math.max(at.to, from), severity: "error", message: sentence };
}

const checkAgain = StateEffect.define();
const asksAgain = (update) => update.transactions.some((one) => one.effects.some((effect) => effect.is(checkAgain)));
let asked = new AbortController();

const checking = (form, address, tell) => linter(async (view) => {
  asked.abort();  // An earlier reply would speak of an earlier file.
  const { signal } = asked = new AbortController();
  try {
    const reply = await fetch(address, { method: "POST", body: sent(form, view), credentials: "same-origin", signal });
    if (!reply.ok) throw new Error(String(reply.status));
    const { complaints } = await reply.json();
    tell(complaints);
    return complaints.map((one) => diagnostic(view.state.doc, one));
  } catch {
    if (!signal.aborted) tell(null);
    return [];
  }
}, { delay: CHECKED_AFTER, needsRefresh: asksAgain });

// ---- documentation at the cursor, for whoever has no pointer

const setHelp = StateEffect.define();
const helpAtCursor = StateField.define({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setHelp)) return effect.value;
    const moved = !transaction.newSelection.eq(transaction.startState.selection);
    return transaction.docChanged || moved ? null : value;
  },
  provide: (field) => showTooltip.from(field),
});

const showHelp = (words) => (view) => {
  const place = aboutPlace(words, view.state, view.state.selection.main.head);
  view.dispatch({ effects: setHelp.of(place && tooltipOf(place)) });
  return true;
};

const hideHelp = (view) => {
  if (!view.state.field(helpAtCursor)) return false;
  view.dispatch({ effects: setHelp.of(null) });
  return true;
};

// ---- the editor in place of the box

function extensions(box, form, words, tell) {
  return [
    lineNumbers(), highlightActiveLineGutter(), history(), drawSelection(), bracketMatching(),
    closeBrackets(), highlightActiveLine(), highlightSelectionMatches(), search({ top: true }),
    EditorState.tabSize.of(2), EditorView.lineWrapping, theme, syntaxHighlighting(colours),
    StreamLanguage.define(toml), lintGutter(), checking(form, box.dataset.check, tell),
    autocompletion({ override: [completions(words)], icons: false }),
    hoverTooltip((view, pos) => {
      const place = aboutPlace(words, view.state, pos);
      return place && tooltipOf(place);
    }),
    helpAtCursor,
    EditorView.contentAttributes.of({
      "aria-label": box.labels[0]?.textContent.replace(/:$/, "") ?? "", spellcheck: "false", autocapitalize: "off",
    }),
    // Tab stays free: it leaves the editor, as it leaves every other field.
    keymap.of([
      { key: "Mod-s", run: () => { form.requestSubmit(form.querySelector("button.main")); return true; } },
      { key: "F1", run: showHelp(words) }, { key: "Escape", run: hideHelp },
      ...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap,
      ...defaultKeymap,
    ]),
  ];
}

function toLine(view, number) {
  const line = view.state.doc.line(Math.min(number, view.state.doc.lines));
  view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
  view.focus();
}

function say(place, sentence) {
  const row = document.createElement("li");
  row.className = "plain";
  row.textContent = sentence;
  place.replaceChildren(row);
}

function told(place, complaints) {
  if (!place) return;
  if (complaints === null) say(place, "The check did not answer; it runs again as you go on writing.");
  else if (!complaints.length) say(place, "Nothing is wrong with the file.");
  else {
    place.replaceChildren(...complaints.map(({ line, sentence }) => {
      const row = document.createElement("li");
      if (line) {
        const link = row.appendChild(document.createElement("a"));
        link.href = "#id_toml";
        link.dataset.line = line;
        link.textContent = `Line ${line}`;
        row.append(": ");
      }
      row.append(sentence);
      return row;
    }));
  }
}

async function begin(box) {
  const reply = await fetch(box.dataset.words, { credentials: "same-origin" });
  if (!reply.ok) return;
  const words = await reply.json();
  const { form } = box;
  const holder = document.createElement("div");
  holder.className = "editor";
  box.after(holder);
  // Inside a shadow root styles are constructed sheets, which a strict policy lets pass.
  const root = holder.attachShadow({ mode: "open" });
  const place = document.querySelector("#complaints-now");
  const again = preview(() => sent(form, view));
  const view = new EditorView({
    parent: root, root, doc: box.value,
    extensions: extensions(box, form, words, (complaints) => {
      told(place, complaints);
      if (complaints?.length === 0) again();
    }),
  });
  box.hidden = true;
  // Texts and short fields are checked and previewed with the file.
  form.addEventListener("input", (event) => {
    if (event.target !== holder) view.dispatch({ effects: checkAgain.of(null) });
  });
  form.addEventListener("submit", () => { box.value = view.state.doc.toString(); });
  box.labels[0]?.addEventListener("click", () => view.focus());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    toLine(view, Number(link.dataset.line));
  });
  for (const one of document.querySelectorAll("[data-with-editor]")) one.hidden = false;
  holder.dispatchEvent(new CustomEvent("editor-ready", { bubbles: true, detail: view }));
}

const box = document.querySelector("textarea[data-check]");
if (box) begin(box);
