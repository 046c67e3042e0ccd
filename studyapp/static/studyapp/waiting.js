// Looks for a place without moving what somebody reads; once there is one, the page changes.
const told = document.querySelector("[data-waiting]");

setInterval(async () => {
  let text;
  try {
    text = await (await fetch(location.href, { cache: "no-store" })).text();
  } catch {
    return; // no connection right now: the next look may have one
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const now = page.querySelector("[data-waiting]");
  if (!now) location.reload();
  else if (now.textContent !== told.textContent) told.textContent = now.textContent;
}, 1000 * Number(told.dataset.waiting));
