// Moments are written in UTC; here they are shown in the browser's own zone.
const two = (number) => String(number).padStart(2, "0");

export function localTime(moment) {
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
  const time = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":");
  return `${day} ${time}`;
}

export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title = element.textContent.trim();
    element.textContent = localTime(moment);
    delete element.dataset.local;
  }
}
