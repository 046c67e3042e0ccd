// One trial: onset, timing, keys, and an answer that is kept until the server has it.
// Without this module the form still works, minus the times.

const form = document.getElementById("trial");
const told = form.querySelector(".told");
const button = form.querySelector("button.confirm");
const code = form.elements.trial.value;
const kept = "discern-answer";
const measures = { choice_changes: 0, hidden_ms: 0, focus_losses: 0, picture_failed: false };
// The page says in the study's language what is missing; a browser's own bubble would not.
form.noValidate = true;
let onset = null;
let first = null;
let hiddenSince = document.hidden ? performance.now() : null;
let sending = false;

const say = (text) => { told.textContent = text; };
const squares = [...form.querySelectorAll(".cells input")];
const pointed = (submitter) => submitter?.type === "image" || squares.some((one) => one.checked);
const chosen = (submitter) => form.checkValidity() && (!squares.length || pointed(submitter));
const writes = (target) => target.closest?.("textarea, input[type=text]");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// A picture that was lost on the way is asked for again, twice, before anybody is told.
async function decoded(picture) {
  for (const pause of [600, 2400]) {
    try { return await picture.decode(); } catch { await wait(pause); }
    picture.src = picture.getAttribute("src");
  }
  return picture.decode();
}

// Onset is the frame after all pictures have decoded; the question appears with them.
async function show() {
  const parts = form.querySelectorAll(".stage, .answers");
  const pictures = [...form.querySelectorAll("img")];
  const results = await Promise.allSettled(pictures.map(decoded));
  if (results.some((result) => result.status === "rejected")) {
    measures.picture_failed = true;
    say(form.dataset.failed);
  }
  parts.forEach((part) => part.classList.add("shown"));
  requestAnimationFrame(() => requestAnimationFrame((time) => { onset = time; preload(); }));
}

function preload() {
  for (const address of form.dataset.next.split(" ").filter(Boolean)) new Image().src = address;
}

form.addEventListener("change", (event) => {
  if (first === null) first = performance.now();
  else measures.choice_changes += 1;
  say("");
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || sending || onset === null) return;
  if (event.target.closest?.("a") || writes(event.target)) return;
  const up = { ArrowUp: -10, ArrowDown: 10 }[event.key];
  if (up && squares.includes(event.target)) {
    event.preventDefault();
    const next = squares[squares.indexOf(event.target) + up];
    if (next) { next.focus(); next.click(); }
    return;
  }
  const options = form.querySelectorAll("input[name=value]");
  const option = /^[1-9]$/.test(event.key) ? options[Number(event.key) - 1] : undefined;
  if (option) {
    option.focus();
    if (!option.checked) option.click();
  } else if (event.key === "Enter") {
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
  return new URLSearchParams(new FormData(form, submitter)).toString();
}

// Kept in this browser until acknowledged, so that it survives a reload.
function keep(body) {
  try { sessionStorage.setItem(kept, JSON.stringify({ code, body })); } catch { /* storage is off */ }
}
function unkeep() {
  try { sessionStorage.removeItem(kept); } catch { /* storage is off */ }
}
function keptBody() {
  try {
    const found = JSON.parse(sessionStorage.getItem(kept) ?? "null");
    return found?.code === code ? found.body : null;
  } catch { return null; }
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
  keep(body);
  for (let pause = 500; ; pause = Math.min(pause * 2, 15000)) {
    try {
      const facts = await post(body);
      if (facts.ok) { unkeep(); location.replace(facts.next); return; }
      if (!facts.retry) { unkeep(); location.reload(); return; }
      say(form.dataset.retrying);
    } catch {
      say(navigator.onLine ? form.dataset.retrying : form.dataset.offline);
    }
    await Promise.race([wait(pause), new Promise((done) => window.addEventListener("online", done, { once: true }))]);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (sending) return;
  if (!chosen(event.submitter)) { say(form.dataset.choose); return; }
  send(answer(event.submitter));
});

window.addEventListener("offline", () => say(form.dataset.offline));
window.addEventListener("online", () => { if (!sending) say(""); });
// Back from the browser's cache: the server decides which page is next.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const unsent = keptBody();
if (unsent) send(unsent);
else show();
