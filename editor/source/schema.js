// What the JSON Schema of study files and the catalogue say of a place in the file.
import { tableAt, textOf } from "./outline.js";

const last = (ref) => ref.split("/").at(-1);

function choices(schema, node) {
  if (!node) return [];
  if (node.$ref) return choices(schema, schema.$defs[last(node.$ref)]);
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].filter((one) => one.type !== "null");
  return inner.length ? inner.flatMap((one) => choices(schema, one)) : [node];
}

// The sections that a node may hold: itself, or what its list or its union holds
function sections(schema, node) {
  return choices(schema, node).flatMap((one) =>
    one.type === "array" ? choices(schema, one.items) : [one]);
}

const free = (node) =>
  Object.values(node.patternProperties ?? {})[0] ??
  (typeof node.additionalProperties === "object" ? node.additionalProperties : undefined);

const ofKind = (kinds, paradigm) => {
  const known = kinds.filter((one) => one.properties?.paradigm?.enum?.includes(paradigm));
  return known.length ? known : kinds;
};

// The sections that a table may be, which is one unless its block names no paradigm yet
export function sectionsOf(words, found, table) {
  const { schema } = words;
  let here = [schema];
  table.names.forEach((name, depth) => {
    here = here.flatMap((one) => sections(schema, one.properties?.[name] ?? free(one)));
    const path = table.names.slice(0, depth + 1).join(".");
    const owner = found.tables.findLast((one) =>
      one.line <= table.line && one.names.join(".") === path);
    if (here.length > 1) here = ofKind(here, textOf(owner, "paradigm"));
  });
  if (table.names.join(".") === "conditions.settings") here.push(settingsOf(words, found, table));
  return here;
}

// The settings of the method of the condition that a table `[conditions.settings]` belongs to
function settingsOf({ methods }, found, table) {
  const owner = found.tables.findLast((one) =>
    one.line <= table.line && one.names.join(".") === "conditions");
  const known = methods[textOf(owner, "method")]?.settings ?? {};
  const described = ([name, one]) =>
    [name, { type: one.type, default: one.default, description: "A setting of the method." }];
  return { properties: Object.fromEntries(Object.entries(known).map(described)) };
}

// Every key that a place may have: name → { node, required }
export function keysOf(words, found, table) {
  const keys = new Map();
  for (const section of sectionsOf(words, found, table)) {
    for (const [name, node] of Object.entries(section.properties ?? {})) {
      if (!keys.has(name)) {
        keys.set(name, { node, required: (section.required ?? []).includes(name) });
      } else if (name === "paradigm") {
        const known = keys.get(name);
        const all = [...new Set([...known.node.enum, ...node.enum])];
        keys.set(name, { ...known, node: { ...known.node, enum: all } });
      }
    }
  }
  return keys;
}

export const isSection = (schema, node) =>
  sections(schema, node).some((one) => one.properties || one.patternProperties);

// Words that a key takes, from the schema and from the file itself
export function wordsFor(words, found, line, key, declared) {
  const table = tableAt(found, line);
  const entry = keysOf(words, found, table).get(key);
  const from = {
    conditions: "conditions", reference: "conditions", stronger: "networks", weaker: "networks",
    pair: "pairs",
  }[key];
  if (from && table.names[0] !== "networks") return declared(found, from);
  if (key === "versus") return Object.keys(words.methods);
  if (key === "weights") return words.networks[textOf(table, "builder")]?.weights ?? [];
  if (!entry) return [];
  const nodes = choices(words.schema, entry.node).flatMap((one) =>
    one.type === "array" ? choices(words.schema, one.items) : [one]);
  return nodes.flatMap((one) =>
    one.enum ?? (one.const !== undefined ? [one.const] : one.type === "boolean" ? [true, false] : []));
}

// ---- in words

const TYPES = { string: "text", integer: "whole number", number: "number", boolean: "true or false",
  array: "list", object: "table" };

function kindOf(schema, node) {
  const kinds = choices(schema, node).map((one) =>
    one.properties || one.patternProperties ? "section"
      : one.type === "array" && isSection(schema, one) ? "list of sections"
        : one.enum ? (one.enum.length > 6 ? "name" : one.enum.join(" or "))
          : TYPES[one.type] ?? one.type);
  return [...new Set(kinds.filter(Boolean))].join(" or ");
}

function limits(schema, node) {
  const [one = {}] = choices(schema, node);
  const least = one.minimum ?? one.exclusiveMinimum;
  if (least !== undefined && one.maximum !== undefined) return `, ${least} to ${one.maximum}`;
  if (least !== undefined) return `, from ${least}`;
  return one.maximum !== undefined ? `, at most ${one.maximum}` : "";
}

// [heading, sentences] about a key of a section
export function aboutKey({ schema }, name, { node, required }) {
  const told = [`${kindOf(schema, node)}${limits(schema, node)}`, node.description ?? ""];
  if (required) told.push("Required.");
  else if (node.default !== undefined && node.default !== null && node.default !== "") {
    told.push(`Default: ${JSON.stringify(node.default)}`);
  }
  return [name, told.filter(Boolean)];
}

// [heading, sentences] about a method or a network of the catalogue; null for other words
export function aboutWord({ methods, networks }, word) {
  const method = methods[word];
  if (method) {
    const needs = Object.entries(method.settings).map(([name, one]) => `${name} (${one.type})`);
    return [word, [method.formula, method.paper, `Cost: ${method.cost}`,
      needs.length ? `Settings: ${needs.join(", ")}` : ""].filter(Boolean)];
  }
  const network = networks[word];
  return network ? [word, [`Weights: ${network.weights.join(", ")}`]] : null;
}
