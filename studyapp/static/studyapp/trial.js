// One trial: onset, timing, keys, and an answer that is kept until the server has it.
// Without this module the form still works, minus the times.

const form = document.getElementById("trial");
const told = form.querySelector(".told");
const button = form.querySelector("button.confirm");
// Whose trial: on a shared computer the next person may get the place that somebody left.
const code = `${form.getAttribute("action")} ${form.elements.trial.value}`;
const kept = "discern-answer";
const draft = "discern-draft";
const said = "discern-said";
const measures = { choice_changes: 0, hidden_ms: 0, focus_losses: 0, picture_failed: false };
// The page says in the study's language what is missing; a browser's own bubble would not.
form.noValidate = true;
let onset = null;
let first = null;
let hiddenSince = document.hidden ? performance.now() : null;
let sending = false;
let record = () => "";
let pressed = null;

const say = (text) => { told.textContent = text; };
const squares = [...form.querySelectorAll(".cells input")];
const pointed = (submitter) => submitter?.type === "image" || squares.some((one) => one.checked);
// A button of its own says that somebody prefers not to point.
const declines = (submitter) => submitter?.name?.endsWith(".declined");
const chosen = (submitter) => form.checkValidity() && (!squares.length || pointed(submitter) || declines(submitter));
const writes = (target) => target.closest?.("textarea, input[type=text]");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// A picture that was lost on the way is asked for again, twice, before anybody is told.
async function decoded(picture) {
  // A picture that is a button can't tell when it has decoded; another of its address can.
  const tells = picture.decode ? picture : Object.assign(new Image(), { src: picture.src });
  for (const pause of [600, 2400]) {
    try { return await tells.decode(); } catch { await wait(pause); }
    for (const one of new Set([tells, picture])) one.src = picture.getAttribute("src");
  }
  return tells.decode();
}

// How a kind of question presents its pictures, where they do not just stand there. Pictures that
// nothing presents are not shown: an exposure without its end would be another trial.
async function presentation() {
  const address = form.dataset.presentation;
  if (!address) return () => {};
  const { present } = await import(address);
  if (!present) throw new Error(`${address} exports no function present`);
  return present;
}

// Onset is the frame after all pictures have decoded; the question appears with them.
async function show() {
  let present;
  try { present = await presentation(); } catch { say(form.dataset.failed); return; }
  const parts = form.querySelectorAll(".context, .further, .stage, .legend, .answers, .only-if, .heading");
  const pictures = [...form.querySelectorAll("img, input[type=image]")];
  const results = await Promise.allSettled(pictures.map(decoded));
  if (results.some((result) => result.status === "rejected")) {
    measures.picture_failed = true;
    say(form.dataset.failed);
  }
  parts.forEach((part) => part.classList.add("shown"));
  requestAnimationFrame(() => requestAnimationFrame((time) => {
    begin(present, time).catch((error) => { say(form.dataset.failed); throw error; });
  }));
}

// A presentation may take its time: it resolves when the page may be answered, with the onset of the
// pictures and what to tell of them.
async function begin(present, time) {
  const told = await present(form, time);
  onset = told?.onset ?? time;
  record = told?.log ?? record;
  if (told?.failed) {
    measures.picture_failed = true;
    say(told.why ?? form.dataset.failed);
  }
  preload();
}

// One picture after another, the next trial's first: asked for at once they would share the line.
async function preload() {
  for (const address of form.dataset.next.split(" ").filter(Boolean)) {
    const picture = new Image();
    picture.src = address;
    await picture.decode().catch(() => {});
  }
  for (const address of (form.dataset.films ?? "").split(" ").filter(Boolean)) {
    await fetch(address).then((reply) => reply.blob()).catch(() => {});
  }
}

form.addEventListener("change", () => {
  if (first === null) first = performance.now();
  else measures.choice_changes += 1;
  say("");
});

// A key that was held down since the page before answers nothing here until it was let go.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("a, dialog") || writes(event.target)) return;
  // A film's button is pressed by keys also while the answers wait for its end.
  if (/^( |Enter)$/.test(event.key) && !event.repeat && event.target.closest?.(".film")) return;
  // A slider that was pressed on this page goes on while its key is held.
  const slides = event.target.type === "range" && event.target === pressed;
  if (!event.repeat) pressed = event.target;
  if ((event.repeat && !slides) || sending || onset === null) {
    if (/^([1-9 ]|Enter|Arrow.+)$/.test(event.key)) event.preventDefault();
    return;
  }
  const up = { ArrowUp: -10, ArrowDown: 10 }[event.key];
  if (up && squares.includes(event.target)) {
    event.preventDefault();
    const next = squares[squares.indexOf(event.target) + up];
    if (next) { next.focus(); next.click(); }
    return;
  }
  // Digits answer the list that has the focus, and the first question from anywhere else; none
  // says that somebody prefers not to.
  const isListed = event.target.type === "radio" && !squares.includes(event.target);
  const asked = isListed ? event.target.name : "value";
  const options = form.querySelectorAll(`input[name="${CSS.escape(asked)}"]:not([value="declined"])`);
  const option = /^[1-9]$/.test(event.key) ? options[Number(event.key) - 1] : undefined;
  if (option) {
    option.focus();
    if (!option.checked) option.click();
  } else if (event.key === "Enter" && !event.target.closest?.("button[type=button], button[name]")) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenSince = performance.now();
  else if (hiddenSince !== null) {
    measures.hidden_ms += performance.now() - hiddenSince;
    hiddenSince = null;
  }
});
window.addEventListener("blur", () => { measures.focus_losses += 1; });

// A browser tells a click in pixels of the screen; the picture may stand there larger or smaller.
function scale(sent, picture) {
  for (const [axis, shown] of [["x", picture.clientWidth], ["y", picture.clientHeight]]) {
    const name = `${picture.name}.${axis}`;
    sent.set(name, Math.round(sent.get(name) * picture.getAttribute("width") / shown));
  }
}

function answer(submitter) {
  const now = performance.now();
  const values = {
    rt_ms: onset === null ? "" : Math.max(0, Math.round((first ?? now) - onset)),
    confirm_ms: onset === null ? "" : Math.max(0, Math.round(now - onset)),
    ...measures,
    hidden_ms: Math.round(measures.hidden_ms),
    window_width: window.innerWidth,
    window_height: window.innerHeight,
    pixel_ratio: window.devicePixelRatio,
  };
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  if (form.elements["presentation.record"]) form.elements["presentation.record"].value = record();
  const sent = new FormData(form, submitter);
  if (submitter?.type === "image") scale(sent, submitter);
  return new URLSearchParams(sent).toString();
}

// Kept in this browser until acknowledged, so that it survives a reload; so is what is being written.
function keep(name, value) {
  try { sessionStorage.setItem(name, JSON.stringify({ code, value })); } catch { /* storage is off */ }
}
function unkeep(...names) {
  try { names.forEach((name) => sessionStorage.removeItem(name)); } catch { /* storage is off */ }
}
function found(name) {
  try { return JSON.parse(sessionStorage.getItem(name) ?? "null"); } catch { return null; }
}
function ofThisTrial(name) {
  const one = found(name);
  return one?.code === code ? one.value : null;
}

// What was sent or written, back in the form.
function fill(body) {
  for (const [name, value] of new URLSearchParams(body)) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
      else if (field.type !== "hidden" && field.type !== "image") field.value = value;
    }
  }
}

// What is wrong stands beside its field; what was answered stays.
function complain(sentence, problems) {
  sending = false;
  if (button) button.disabled = false;
  const places = [...form.querySelectorAll("[data-problem]")];
  for (const place of places) place.textContent = problems[place.dataset.problem] ?? "";
  const wrong = places.filter((place) => place.textContent);
  say(wrong.length ? "" : sentence);
  const names = wrong.map((place) => place.dataset.problem);
  for (const field of form.querySelectorAll("textarea, input.line")) field.setAttribute("aria-invalid", names.includes(field.name));
  form.querySelector(`[name="${CSS.escape(names[0] ?? "")}"]`)?.focus();
}

// Of several questions each tells that it has no answer yet; of one it is plain.
function unanswered() {
  if (form.querySelectorAll(".answers").length < 2) return {};
  const fields = [...form.querySelectorAll("input:invalid")];
  return Object.fromEntries(fields.map((field) => [field.name, form.dataset.choose]));
}

async function post(body) {
  const headers = { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" };
  const signal = AbortSignal.timeout(20000);
  const reply = await fetch(form.action, { method: "POST", body, headers, credentials: "same-origin", signal });
  // What is neither from this site nor a refusal (a gateway's page, a hotel's log-in) is no answer.
  if (!reply.headers.get("Content-Type")?.includes("json")) return { retry: true };
  return { retry: reply.status >= 500, ...await reply.json() };
}

async function send(body) {
  sending = true;
  if (button) button.disabled = true;
  say(form.dataset.saving);
  keep(kept, body);
  for (let pause = 500; ; pause = Math.min(pause * 2, 15000)) {
    try {
      const facts = await post(body);
      if (facts.ok) { unkeep(kept, draft); location.replace(facts.next); return; }
      if (!facts.retry) { unkeep(kept); refused(facts); return; }
      say(form.dataset.retrying);
    } catch {
      say(navigator.onLine ? form.dataset.retrying : form.dataset.offline);
    }
    await Promise.race([wait(pause), new Promise((done) => window.addEventListener("online", done, { once: true }))]);
  }
}

// A form that can be put right stays; otherwise the server's page tells what is next, and why.
function refused(facts) {
  if (Object.keys(facts.problems ?? {}).length) { complain(facts.sentence, facts.problems); return; }
  keep(said, facts.sentence ?? "");
  location.reload();
}

form.addEventListener("input", (event) => {
  const problem = form.querySelector(`[data-problem="${CSS.escape(event.target.name)}"]`);
  if (problem) problem.textContent = "";
  const words = [...form.querySelectorAll("textarea, input.line, [data-kept]")].map((field) => [field.name, field.value]);
  if (words.length) keep(draft, new URLSearchParams(words).toString());
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // Nothing answers a picture that was not yet presented: not even a click that a script makes.
  if (sending || (onset === null && form.matches(".presents, .films"))) return;
  if (!chosen(event.submitter)) { complain(form.dataset.choose, unanswered()); return; }
  send(answer(event.submitter));
});

window.addEventListener("offline", () => say(form.dataset.offline));
window.addEventListener("online", () => { if (!sending) say(""); });
// Back from the browser's cache: the server decides which page is next.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const unsent = ofThisTrial(kept);
fill(unsent ?? ofThisTrial(draft) ?? "");
const before = found(said);
if (before) { say(before.value); unkeep(said); }
show();
if (unsent) send(unsent);
