// What a study file holds, line by line, also while it is being written and is no TOML yet.

const HEADER = /^\s*(\[\[?)\s*([^\[\]#]*?)\s*(\]\]?)?\s*(?:#.*)?$/;
const KEY = /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=\s*(.*)$/;

export const names = (dotted) =>
  dotted.split(".").map((part) => part.trim().replace(/^["']|["']$/g, "")).filter(Boolean);

// How deep in brackets a line ends, and in which text over several lines, begun at `state`
function after(line, { depth, quote }) {
  for (let at = 0; at < line.length; at += 1) {
    const three = line.slice(at, at + 3);
    if (quote) {
      if (quote.length === 3 && three === quote) { quote = ""; at += 2; }
      else if (quote.length === 1 && line[at] === quote) quote = "";
      else if (quote[0] === '"' && line[at] === "\\") at += 1;
    } else if (three === '"""' || three === "'''") { quote = three; at += 2; }
    else if (line[at] === '"' || line[at] === "'") quote = line[at];
    else if (line[at] === "#") break;
    else if ("[{".includes(line[at])) depth += 1;
    else if ("]}".includes(line[at])) depth = Math.max(0, depth - 1);
  }
  return { depth, quote: quote.length === 3 ? quote : "" };
}

// Every table in order: names, line (from 1; 0 for what stands before the first), whether one of
// a list, and its keys as text → { value, line }. `open` are the lines that go on with a value.
export function outline(lines) {
  const top = { names: [], line: 0, isList: false, keys: new Map() };
  const tables = [top];
  const open = new Map();
  let state = { depth: 0, quote: "" };
  let key = "";
  lines.forEach((text, index) => {
    const line = index + 1;
    if (state.depth || state.quote) {
      open.set(line, key);
      state = after(text, state);
      return;
    }
    const header = text.match(HEADER);
    if (header) {
      tables.push({ names: names(header[2]), line, isList: header[1] === "[[", keys: new Map() });
      return;
    }
    const pair = text.match(KEY);
    if (!pair) return;
    key = names(pair[1]).join(".");
    tables.at(-1).keys.set(key, { value: pair[2], line });
    state = after(pair[2], state);
  });
  return { tables, open };
}

export const tableAt = ({ tables }, line) => tables.findLast((table) => table.line <= line);

// The text of a key of `table`, without quotes and comment; "" if it has none
export function textOf(table, key) {
  const found = table?.keys.get(key)?.value.match(/^["']([^"']*)["']/);
  return found ? found[1] : "";
}

// The names of what the file declares: `[networks.NAME]`, or the `name` of each `[[conditions]]`
export function declared({ tables }, section) {
  const here = tables.filter((table) => table.names[0] === section);
  const found = here.map((table) =>
    table.isList && table.names.length === 1 ? textOf(table, "name") : table.names[1]);
  return [...new Set(found.filter(Boolean))];
}
