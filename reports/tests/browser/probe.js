"use strict";
/* Looks at the page when all of it is there, and leaves what it found where the test reads it. */
let refused = 0;
document.addEventListener("securitypolicyviolation", () => { refused += 1; });
addEventListener("load", () => {
  const charts = [...document.querySelectorAll(".chart")];
  const press = (key) => charts[0].dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const plot = document.querySelector("svg.plot");
  let zoomed = false;
  let told = "";
  if (charts.length > 0) {
    press("End");
    press("ArrowLeft");
    told = charts[0].querySelector("output").textContent;
    const before = plot.getAttribute("viewBox");
    press("+");
    zoomed = before !== plot.getAttribute("viewBox");
    press("0");
    zoomed = zoomed && before === plot.getAttribute("viewBox");
  }
  const root = document.documentElement;
  const in_a_scroller = (it) => it.closest(".wide, pre") !== null;
  const wider = [...document.querySelectorAll("body *")]
    .filter((it) => !in_a_scroller(it) && !it.matches(".skip") && it.closest("svg") === null)
    .filter((it) => it.getBoundingClientRect().right > root.clientWidth + 0.5)
    .map((it) => it.tagName + "." + it.className);
  const ours = "a,article,b,body,button,code,dd,desc,details,div,dl,dt,figcaption,figure,footer,g,h1,h2,h3,header,li,line,main,ol,output,p,path,pre,rect,script,section,span,strong,summary,svg,table,tbody,td,th,thead,title,tr,ul,use".split(",");
  const foreign = [...document.querySelectorAll("body *")]
    .filter((it) => !ours.includes(it.tagName.toLowerCase()) || (it.tagName === "SCRIPT" && it.parentElement.tagName !== "BODY"));
  const found = {
    charts: charts.length,
    drawn: charts.filter((it) => it.dataset.ready > 0).length,
    points: [...document.querySelectorAll("path.series")].reduce((sum, it) => sum + it.getAttribute("d").split("L").length, 0),
    dots: [...document.querySelectorAll("svg circle")].filter((it) => it.getBoundingClientRect().width > 1).length,
    requests: performance.getEntriesByType("resource").length,
    refused,
    ran: window.ran === undefined && window.alerted === undefined ? 0 : 1,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    zoomed,
    told,
    width: innerWidth,
    scrolls: root.scrollWidth,
    wider: wider.slice(0, 5).join(" "),
    foreign: foreign.length,
    shown: document.body.textContent.includes("<script>") ? "<script>" : "",
  };
  for (const name of Object.keys(found)) found[name] = String(found[name]);
  /* A phone is a frame: its DOM is not dumped, that of the page around it is. */
  window.top.document.documentElement.dataset.probe = JSON.stringify(found);
});
