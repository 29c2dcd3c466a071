// Shows instants in the reader's own zone. Without this script they stand there in UTC.
"use strict";
(() => {
    const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
    for (const element of document.querySelectorAll("time[datetime]")) {
        const instant = new Date(element.dateTime);
        if (Number.isNaN(instant.getTime())) continue;
        element.title = element.textContent;
        element.textContent = ("clock" in element.dataset ? clock : full).format(instant);
    }
})();
