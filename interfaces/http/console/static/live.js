// Keeps parts of a page as they are on the server. An element with data-live follows the stream there; at each word of change it gets
// the event "changed", at which htmx asks for the page again and puts in what differs. One stream, while the page is looked at.
(() => {
  "use strict";
  const state = document.getElementById("live-state");
  let source = null;

  function follow() {
    const part = document.querySelector("[data-live]");
    if (source || !part || document.hidden) return;
    source = new EventSource(part.dataset.live);
    source.addEventListener("open", () => say("Live: what is new comes by itself."));
    source.addEventListener("changed", () => {
      const now = document.querySelector("[data-live]");
      if (now && !("still" in now.dataset)) htmx.trigger(now, "changed");
    });
    source.addEventListener("error", (event) => {
      if (event.data === undefined) return say("Not live at the moment; it is tried again.");
      leave();
      say("No longer live: sign in again, or reload the page.");
    });
  }

  function leave() {
    if (source) source.close();
    source = null;
  }

  function say(text) {
    if (state && state.textContent !== text) state.textContent = text;
  }

  // What somebody is typing stays: a part is changed only where it stands for something else than before.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const coming = fragment.firstElementChild;
    if (target.dataset.key !== undefined && coming && coming.dataset.key === target.dataset.key) {
      event.detail.shouldSwap = false;
    }
  });

  // A screen reader hears what is new, and not the whole list again.
  document.addEventListener("htmx:afterSwap", () => {
    const news = document.getElementById("news"), part = document.querySelector("[data-news]");
    if (news && part && news.textContent !== part.dataset.news) news.textContent = part.dataset.news;
  });

  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
  window.addEventListener("pagehide", leave);
  follow();
})();
