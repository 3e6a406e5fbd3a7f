// What the console shows, as the server tells it: events while it can, answers to polling otherwise.

const EVENTS = "/v1/events", ALL = "/v1/console";
const TOPICS = ["pipeline", "truth", "quality", "work", "alarms", "place", "read"];
const POLL_MS = 5000, TRY_EVENTS_MS = 60000, SILENT_MS = 12000;

export class Feed {
  // `heard(topic, value)` for each topic that changed; `standing(how, why)` is live, again, polling or lost.
  constructor(heard, standing) {
    this.heard = heard;
    this.standing = standing;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.start()));
    // A page that the browser keeps for its Back button holds no connection.
    window.addEventListener("pagehide", () => this.stop());
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.start(); });
  }

  start() {
    this.stop();
    if (!("EventSource" in window)) { this.poll(); return; }
    const source = this.source = new EventSource(EVENTS);
    let failures = 0;
    for (const topic of TOPICS) source.addEventListener(topic, (event) => {
      failures = 0;
      clearTimeout(this.silence);
      this.standing("live");
      this.heard(topic, JSON.parse(event.data));
    });
    source.onerror = () => {
      failures += 1;
      if (source.readyState === EventSource.CLOSED || failures > 1) this.fallBack();
      // Also a task that is replaced lets its watchers go; the next one is a moment away.
      else this.standing("again");
    };
    // A proxy that gathers answers lets nothing through, and no error either.
    this.silence = setTimeout(() => this.fallBack(), SILENT_MS);
  }

  stop() {
    this.source?.close();
    this.source = null;
    for (const timer of [this.timer, this.again, this.silence]) clearTimeout(timer);
    this.polling = false;
  }

  fallBack() {
    this.stop();
    this.again = setTimeout(() => this.start(), TRY_EVENTS_MS);
    this.poll();
  }

  async poll() {
    this.polling = true;
    await this.look();
    if (this.polling) this.timer = setTimeout(() => this.poll(), POLL_MS);
  }

  async look() {
    try {
      const answer = await fetch(ALL, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
      const told = await answer.json();
      if (!this.polling) return;
      this.standing("polling");
      for (const topic of TOPICS) if (topic in told) this.heard(topic, told[topic]);
    } catch (error) {
      if (this.polling) this.standing("lost", error.message);
    }
  }
}
