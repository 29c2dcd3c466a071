// Follows a session on its way: each event becomes a line of the log and moves the phases. At `ready` the browser goes to
// the notebook, at `ended` the page is loaded again and tells why. Without this script the page reloads itself.
"use strict";
(() => {
    const page = document.getElementById("progress");
    const lines = document.getElementById("log");
    const log = lines.parentElement;
    const phases = [...document.querySelectorAll(".phase")];
    const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
    const source = new EventSource(page.dataset.events);

    source.addEventListener("message", (message) => {
        const event = JSON.parse(message.data);
        if (event.number === 0) return queue(event.message);
        append(event);
        if (event.state !== "queued") queue("");
        if (event.state === "ready") return arrive();
        if (event.state === "ended") return leave(() => location.reload());
        advance(event.state);
    });

    // The browser connects again by itself, with the number of the last event, unless the hub refused it for good.
    source.addEventListener("error", () => {
        if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
    });

    // Where the session stands in the queue; nothing once it has left it.
    function queue(text) {
        const line = document.getElementById("queue");
        if (!line) return;
        line.textContent = text;
        line.hidden = text === "";
    }

    function append(event) {
        const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
        const line = document.createElement("li");
        const time = document.createElement("time");
        const text = document.createElement("span");
        time.dateTime = event.at.exact;
        time.textContent = clock.format(new Date(event.at.exact));
        text.textContent = event.message;
        line.append(time, text);
        lines.append(line);
        if (atEnd) log.scrollTop = log.scrollHeight;
    }

    function advance(state) {
        const reached = phases.findIndex((phase) => phase.dataset.states.split(" ").includes(state));
        if (reached < 0) return;
        phases.forEach((phase, index) => mark(phase, index < reached ? "done" : index > reached ? "pending" : "current"));
    }

    function mark(phase, status) {
        phase.className = `phase ${status}`;
        phase.querySelector("[data-status]").textContent = `(${status})`;
    }

    function arrive() {
        phases.forEach((phase) => mark(phase, "done"));
        leave(() => location.replace(page.dataset.ready));
    }

    function leave(go) {
        source.close();
        go();
    }

    log.scrollTop = log.scrollHeight;
})();
