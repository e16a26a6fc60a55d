// Times in the viewer's zone, charts, and what a person does: by Airflow's REST API, which asks whether they may.
(() => {
  const API = "../api/v2/";
  const ENDED = ["success", "failed"];
  const told = document.getElementById("told");

  function localTimes(root) {
    const form = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      time.textContent = form.format(new Date(time.dateTime));
      time.dataset.local = "";
    }
  }

  function tell(kind, text, link) {
    const note = document.createElement("div");
    note.className = `note ${kind}`;
    const line = document.createElement("p");
    line.textContent = text + " ";
    if (link) {
      const a = document.createElement("a");
      a.href = link;
      a.target = "_top";
      a.textContent = "The run in Airflow";
      line.append(a);
    }
    note.append(line);
    told.replaceChildren(note);
  }

  async function call(method, path, body) {
    const answer = await fetch(API + path, {
      method,
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const said = answer.status === 204 ? null : await answer.json().catch(() => null);
    if (!answer.ok) {
      const detail = said && said.detail;
      const words = detail && (detail.message || detail.reason || (typeof detail === "string" ? detail : JSON.stringify(detail)));
      throw Object.assign(new Error(`Airflow answered ${answer.status}: ${words || answer.statusText}`), { status: answer.status });
    }
    return said;
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  // The run when it has ended, or `until` says that it has come far enough.
  async function watch(dag, run, until = () => false) {
    const link = `../dags/${dag}/runs/${encodeURIComponent(run)}`;
    for (;;) {
      const seen = await call("GET", `dags/${dag}/dagRuns/${encodeURIComponent(run)}`);
      if (ENDED.includes(seen.state) || until(seen)) return { state: seen.state, link };
      tell("", `${dag}: ${seen.state} ...`, link);
      await pause(700);
    }
  }

  async function whyFailed(dag, run) {
    const path = `dags/${dag}/dagRuns/${encodeURIComponent(run)}/taskInstances`;
    const failed = (await call("GET", path)).task_instances.filter((task) => task.state === "failed");
    for (const task of failed) {
      const said = await call("GET", `${path}/${task.task_id}/xcomEntries/error`).catch(() => null);
      if (said && said.value) return said.value;
    }
    return "The run failed; its log tells why.";
  }

  const ACTS = {
    async trigger(data, extra) {
      const conf = { ...JSON.parse(data.conf), ...extra };
      const started = await call("POST", `dags/${data.dag}/dagRuns`, { logical_date: null, conf });
      const run = started.dag_run_id;
      const ended = await watch(data.dag, run);
      if (ended.state === "failed") throw Object.assign(new Error(await whyFailed(data.dag, run)), ended);
      return ["Done.", ended.link];
    },
    async answer(data) {
      const run = encodeURIComponent(data.run);
      const path = `dags/${data.dag}/dagRuns/${run}/taskInstances/ask/-1/hitlDetails`;
      await call("PATCH", path, { chosen_options: [data.option], params_input: {} });
      const ended = await watch(data.dag, data.run);
      if (ended.state === "failed") throw Object.assign(new Error(await whyFailed(data.dag, data.run)), ended);
      return [`Answered: ${data.option}.`, ended.link];
    },
    async variable(data) {
      const body = { key: data.key, value: data.value };
      try {
        await call("PATCH", `variables/${data.key}`, body);
      } catch (error) {
        if (error.status !== 404) throw error;
        await call("POST", "variables", body);
      }
      return ["Done."];
    },
  };

  function ask(button) {
    const dialog = document.getElementById("ask");
    const reason = dialog.querySelector("textarea");
    const wants = "reason" in button.dataset;
    document.getElementById("ask-title").textContent = button.textContent.trim();
    document.getElementById("ask-text").textContent = button.dataset.confirm;
    document.getElementById("ask-reason").hidden = !wants;
    reason.required = wants;
    reason.value = "";
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((done) => {
      dialog.addEventListener("close", () => {
        if (dialog.returnValue !== "yes") done(null);
        else done(wants ? { reason: reason.value } : {});
      }, { once: true });
    });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) {
      if (event.target.closest("#ask button[value=no]")) {
        event.preventDefault(); // a reason that is required must not keep anybody from leaving
        document.getElementById("ask").close("no");
      }
      return;
    }
    const extra = await ask(button);
    if (!extra) return;
    const buttons = document.querySelectorAll("button[data-act]");
    buttons.forEach((one) => (one.disabled = true));
    try {
      tell("", `${button.textContent.trim()} ...`);
      const [text, link] = await ACTS[button.dataset.act](button.dataset, extra);
      sessionStorage.setItem("told", JSON.stringify([text, link]));
      location.reload();
    } catch (error) {
      tell("bad", error.message, error.link);
      buttons.forEach((one) => (one.disabled = false));
    }
  });

  function chart(place) {
    const table = place.parentElement.querySelector("table[data-unit]");
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => (cell.dataset.v === "" ? null : +cell.dataset.v)));
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--chakra-colors-${name}`).trim();
    const lines = [colour("running-solid"), colour("deferred-solid"), colour("failed-solid")];
    const axis = { stroke: colour("fg-muted"), grid: { stroke: colour("border"), width: 1 }, ticks: { stroke: colour("border"), width: 1 }, font: "12px Inter, sans-serif" };
    place.replaceChildren();
    new uPlot({
      width: place.clientWidth, height: 180, cursor: { y: false },
      series: [{}, ...heads.slice(1).map((label, i) => ({ label, stroke: lines[i], width: 2, points: { show: rows.filter((row) => row[i + 1] !== null).length < 3 } }))],
      axes: [axis, { ...axis, size: 56, values: (_, splits) => splits.map((v) => `${v} ${table.dataset.unit}`.trim()) }],
      scales: { y: { range: (_, low, high) => [0, Math.max(high, 1) * 1.05] } },
    }, heads.map((_, i) => rows.map((row) => row[i])), place);
  }

  function charts() {
    document.querySelectorAll("[data-chart]").forEach(chart);
  }

  localTimes(document);
  charts();
  document.documentElement.addEventListener("themed", charts);
  addEventListener("resize", charts);
  document.addEventListener("htmx:after:swap", () => { localTimes(document); charts(); });
  document.documentElement.dataset.ready = "";
  const last = sessionStorage.getItem("told");
  if (last) {
    sessionStorage.removeItem("told");
    tell("good", ...JSON.parse(last));
  }
})();
