// How a trial is answered, of people who agreed to that: what pointed and where, when keys were
// pressed, pastes and changes of tab. No key and no word is read. It stands in a hidden field when
// the form is sent, so that it is kept and sent with the answer, and not twice.

const form = document.getElementById("trial");
const field = form.elements["evidence.trace"];
// A hand makes its way to a button in about ten such samples.
const SAMPLE_MS = 50;
// The last ones stay: those before the answer
const MOST_PLACES = 150;
const MOST_INTERVALS = 300;
const MOST = 100_000;
// Finer times would tell a person by their typing.
const rounded = (ms) => Math.min(Math.round(ms / 10) * 10, MOST);

const seen = { untrusted: 0, pointers: 0, keys: 0, pastes: 0, switches: 0 };
const count = (name) => { seen[name] = Math.min(seen[name] + 1, MOST); };
const places = [];
const intervals = [];
let pressed = "none";
let placedAt = null;
let keyAt = null;
// While a device's own event is handled, this page may make further ones of it: a digit clicks.
let handling = 0;

const isWritten = (target) => Boolean(target.closest?.("textarea, input[type=text]"));
const isWriting = form.querySelector("textarea, input[type=text]") !== null;
const listen = (names, heard) => {
  for (const name of names) window.addEventListener(name, heard, { capture: true, passive: true });
};

function place(event, isPress) {
  const since = placedAt === null ? 0 : event.timeStamp - placedAt;
  if (!isPress && placedAt !== null && since < SAMPLE_MS) return;
  placedAt = event.timeStamp;
  // Thousandths of the window's width, both ways, so that what is straight stays straight
  const [x, y] = [event.clientX, event.clientY].map((one) => Math.round((one / window.innerWidth) * 1000));
  places.push([rounded(since), x, y, isPress ? 1 : 0]);
  if (places.length > MOST_PLACES) places.shift();
}

listen(["pointermove", "pointerdown", "pointerup"], (event) => {
  if (!event.isTrusted) return;
  count("pointers");
  if (event.type === "pointerdown") pressed = event.pointerType;
  if (event.type !== "pointerup") place(event, event.type === "pointerdown");
});

listen(["keydown"], (event) => {
  if (!event.isTrusted || event.repeat) return;
  count("keys");
  if (keyAt !== null) intervals.push(rounded(event.timeStamp - keyAt));
  if (intervals.length > MOST_INTERVALS) intervals.shift();
  keyAt = event.timeStamp;
});

listen(["keydown", "pointerdown", "pointerup", "click", "input", "change"], (event) => {
  if (event.isTrusted) {
    handling += 1;
    setTimeout(() => { handling -= 1; });
  } else if (!handling && !event.type.startsWith("pointer") && form.contains(event.target)) {
    count("untrusted");
  }
});

listen(["paste", "drop"], (event) => { if (isWritten(event.target)) count("pastes"); });
document.addEventListener("visibilitychange", () => { if (document.hidden) count("switches"); });

function trace() {
  const { pastes, switches, ...counted } = seen;
  return {
    ...counted,
    // What only written answers are asked for
    pastes: isWriting ? pastes : null,
    switches: isWriting ? switches : null,
    webdriver: navigator.webdriver ?? null,
    pressed: ["none", "mouse", "touch", "pen"].includes(pressed) ? pressed : null,
    places,
    intervals,
  };
}

// Before the form's own listener reads its fields
listen(["submit"], () => { field.value = JSON.stringify(trace()); });
