// A page of the study at three sizes, drawn by the server from the file as it stands.
// Without this script the button opens the same in a window of its own.

const counted = (facts) => {
  const arm = facts.arms.length > 1 ? `, arm ${facts.arm}` : "";
  const language = facts.languages.length > 1 ? `, ${facts.language}` : "";
  const note = facts.note ? `. Note: ${facts.note}.` : "";
  return `Page ${facts.number} of ${facts.total}${arm}${language}${note}`;
};

function offer(select, names, chosen) {
  select.parentNode.hidden = names.length < 2;
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
}

// Returns what shows the page again, if it is shown at all; `sent` gives what the form holds.
export function preview(sent) {
  const button = document.querySelector("[data-preview]");
  const box = document.querySelector("#preview");
  if (!button || !box) return () => {};
  const status = box.querySelector("[role=status]");
  const arm = box.querySelector("[data-of=arm]");
  const language = box.querySelector("[data-of=language]");
  let number = 1;
  let asked = 0;

  async function show() {
    const mine = ++asked;
    const data = sent();
    data.append("page", number);
    data.append("arm", arm.value);
    data.append("language", language.value);
    try {
      const reply = await fetch(button.formAction, {
        method: "POST", body: data, headers: { Accept: "application/json" }, credentials: "same-origin",
      });
      if (!reply.ok) throw new Error(String(reply.status));
      const facts = await reply.json();
      if (mine !== asked) return;  // A later page has been asked for.
      status.textContent = facts.sentence || counted(facts);
      if (!facts.html) return;
      number = facts.number;
      offer(arm, facts.arms, facts.arm);
      offer(language, facts.languages, facts.language);
      for (const frame of box.querySelectorAll("iframe")) frame.srcdoc = facts.html;
    } catch {
      if (mine !== asked) return;
      status.textContent = "The preview did not answer; try again.";
    }
  }

  button.addEventListener("click", (event) => {
    event.preventDefault();
    box.hidden = false;
    show().then(() => box.scrollIntoView({ block: "start" }));
  });
  for (const turn of box.querySelectorAll("[data-turn]")) {
    turn.addEventListener("click", () => {
      number = Math.max(1, number + Number(turn.dataset.turn));
      show();
    });
  }
  for (const select of [arm, language]) select.addEventListener("change", show);
  return () => { if (!box.hidden) show(); };
}
