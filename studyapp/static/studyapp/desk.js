// Bars that move by themselves while workers are busy, and keys to page with.
// Without this a reload shows the same, and the links do.

const EVERY = 2000;

function moveBars(holder, facts) {
  facts.bars.forEach((bar, number) => {
    const row = holder.children[number];
    row.querySelector("progress").max = Math.max(bar.total, 1);
    row.querySelector("progress").value = bar.ready;
    row.querySelector(".count").textContent =
      `${bar.ready} ready, ${bar.pending} pending, ${bar.failed} failed`;
  });
  return facts.prepared || facts.problem;
}

function moveReport(holder, facts) {
  const bar = holder.querySelector("progress");
  if (bar && facts.bar) {
    bar.max = Math.max(facts.bar.total, 1);
    bar.value = facts.bar.ready;
  }
  const doing = holder.querySelector(".doing");
  if (doing && facts.doing) doing.textContent = facts.doing;
  return !facts.pending;
}

async function watch(holder, move) {
  try {
    const reply = await fetch(holder.dataset.address, { credentials: "same-origin" });
    if (!reply.ok) return;
    if (move(holder, await reply.json())) {
      location.reload();
      return;
    }
  } catch {
    // The site is away for a moment: look again.
  }
  setTimeout(watch, EVERY, holder, move);
}

const bars = document.querySelector(".bars[data-live=yes]");
if (bars) watch(bars, moveBars);
const waiting = document.querySelector(".waiting");
if (waiting) watch(waiting, moveReport);

// Arrows and PageUp/PageDown lead to the next page of a list, unless somebody is writing.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (target.closest("input, select, textarea, [contenteditable], .scrolls, pre")) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[key];
  const link = rel && document.querySelector(`a[rel=${rel}]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
