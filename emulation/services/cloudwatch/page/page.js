"use strict";

// Widgets come one after the other: the gateway draws one graph at a time.
async function fill(widget) {
  const size = widget.getBoundingClientRect();
  const address = new URL(widget.dataset.source, location);
  address.searchParams.set("width", Math.round(size.width));
  address.searchParams.set("height", Math.round(Math.max(size.height, 80)));
  try {
    const answer = await fetch(address);
    const text = await answer.text();
    if (answer.ok) widget.innerHTML = text;
  } catch {
    // The emulator is away: what was drawn stays.
  }
}

async function fillAll() {
  for (const widget of document.querySelectorAll("[data-source]")) await fill(widget);
}

async function keepFilled(seconds) {
  for (;;) {
    if (!document.hidden) await fillAll();
    if (!(seconds > 0)) return;
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
}

keepFilled(Number(document.body.dataset.refresh));
