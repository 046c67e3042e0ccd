// Bars that move by themselves while a study is prepared. Without this a reload shows the same.

const holder = document.querySelector(".bars");

async function look() {
  const reply = await fetch(holder.dataset.address, { credentials: "same-origin" });
  if (!reply.ok) return false;
  const facts = await reply.json();
  facts.bars.forEach((bar, number) => {
    const row = holder.children[number];
    row.querySelector("progress").max = Math.max(bar.total, 1);
    row.querySelector("progress").value = bar.ready;
    row.querySelector(".count").textContent =
      `${bar.ready} ready, ${bar.pending} pending, ${bar.failed} failed`;
  });
  if (facts.prepared || facts.problem) {
    location.reload();
    return false;
  }
  return true;
}

async function watch() {
  try {
    if (!(await look())) return;
  } catch {
    // The site is away for a moment: look again.
  }
  setTimeout(watch, 2000);
}

if (holder?.dataset.live) watch();
