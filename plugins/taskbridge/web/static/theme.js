// Before the first paint: light or dark and the colours of the Airflow around this frame; and again as they change.
(() => {
  const own = document.documentElement;
  const NAMES = [
    "bg", "bg-subtle", "bg-muted", "bg-emphasized", "bg-panel", "fg", "fg-muted", "border", "border-emphasized",
    "brand-solid", "brand-fg", "brand-contrast", "brand-focus-ring", "success-fg", "failed-fg", "failed-subtle",
    "success-subtle", "warning-fg", "warning-subtle", "info-fg", "info-subtle",
    ...["success", "failed", "running", "queued", "scheduled", "skipped", "deferred", "removed", "up_for_retry",
      "up_for_reschedule"].map((state) => `${state}-solid`),
  ].map((name) => `--chakra-colors-${name}`);

  function around() {
    try {
      return window.parent !== window ? window.parent.document.documentElement : null;
    } catch {
      return null; // a page of somebody else's: then the fallbacks hold
    }
  }

  const outer = around();
  function follow() {
    const dark = outer
      ? outer.classList.contains("dark")
      : (localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "")) === "dark";
    own.classList.toggle("dark", dark);
    own.classList.toggle("light", !dark);
    if (!outer) return;
    const style = getComputedStyle(outer);
    for (const name of NAMES) {
      const value = style.getPropertyValue(name);
      if (value) own.style.setProperty(name, value);
    }
    own.dispatchEvent(new CustomEvent("themed"));
  }

  follow();
  if (outer) new MutationObserver(follow).observe(outer, { attributes: true, attributeFilter: ["class", "style"] });
  else matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
})();
