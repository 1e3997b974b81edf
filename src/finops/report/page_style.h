#pragma once

#include <string_view>

namespace finops::report {

/// The page's whole style. Its SHA-256 is in the page's policy, so that no other style is applied.
/// Colours of series are told apart with the usual colour blindnesses, on light and dark.
inline constexpr std::string_view kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1c232b; --soft: #5b6673; --rule: #dfe3e8; --head: #f0f2f5;
  --link: #1f5fae; --good: #1d7a46; --bad: #b42318; --warn: #8a5a00; --chip: #edf0f4; --band: #1c232b14;
  --s0: #2f74c0; --s1: #d9822b; --s2: #2a9d8f; --s3: #8e5bb5; --s4: #b5475b; --s5: #8a8f2c; --other: #a3abb5;
  --v0: #c23b32; --v1: #d9822b; --v2: #2f74c0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --card: #1a2027; --ink: #e4e8ed; --soft: #9aa5b1; --rule: #303944; --head: #222a33;
    --link: #7db3f2; --good: #5cc78a; --bad: #f08077; --warn: #e0b15a; --chip: #2a333d; --band: #e4e8ed1a;
    --s0: #5b9de0; --s1: #e69b4d; --s2: #4dbdae; --s3: #b08ad3; --s4: #dd7b8c; --s5: #b9bd5a; --other: #6d7783;
    --v0: #ef6f64; --v1: #e69b4d; --v2: #5b9de0;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 0 0 4px; }
h3 { font-size: 16px; margin: 0; overflow-wrap: anywhere; }
h4 { font-size: 14px; margin: 20px 0 6px; }
p { margin: 0 0 12px; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
code { font: 0.92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.soft, .facts { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: 2px 24px; margin: 8px 0 0; font-size: 14px; }
.facts div { display: flex; gap: 6px; }
.facts dt::after { content: ":"; }
.facts dd { margin: 0; color: var(--ink); overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 20px 0 0; padding: 10px 0; list-style: none; border-top: 1px solid var(--rule); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 12px 0 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 12px 16px; }
.tiles b { display: block; font-size: 24px; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: 13px; }
section { margin: 36px 0 0; }
article, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 18px 20px; margin: 14px 0 0; min-width: 0; }
.scroll { overflow: auto; max-height: 26rem; border: 1px solid var(--rule); border-radius: 4px; margin: 8px 0 12px; }
.scroll:last-child { margin-bottom: 0; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
caption { text-align: left; padding: 0 0 6px; color: var(--soft); }
.scroll caption { padding: 6px 10px; }
th, td { padding: 5px 10px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; background: var(--head); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; }
.rows td { white-space: nowrap; }
td.long { white-space: normal; min-width: 18rem; overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.null { color: var(--soft); font-style: italic; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.chip { display: inline-block; background: var(--chip); border-radius: 3px; padding: 0 6px; margin: 0 4px 2px 0; font-size: 13px; white-space: nowrap; }
.tests { margin: 0; padding: 0; list-style: none; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 4px 28px; }
.two > div { min-width: 0; }
details { margin: 10px 0 0; }
summary { cursor: pointer; color: var(--link); width: max-content; max-width: 100%; }
figure { margin: 14px 0 4px; }
figcaption { font-weight: 600; font-size: 14px; margin: 0 0 4px; overflow-wrap: anywhere; }
.plot { overflow-x: auto; }
.plot svg { display: block; width: 100%; min-width: 620px; height: auto; font-size: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0 0; padding: 0; list-style: none; font-size: 13px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
svg text { fill: var(--soft); } svg .name { fill: var(--ink); }
.grid, .zero, .guide { stroke: var(--rule); } .zero { stroke: var(--soft); }
.guide { stroke: var(--bad); stroke-dasharray: 5 4; }
.area { stroke: var(--card); stroke-width: 0.8; } .line { fill: none !important; stroke-width: 2; stroke-linejoin: round; }
.dot { fill-opacity: 0.75; stroke: var(--card); stroke-width: 0.6; }
.band { fill: transparent; } .band:hover { fill: var(--band); } .bar:hover, .dot:hover { fill-opacity: 0.6; }
.s0 { fill: var(--s0); background: var(--s0); } .line.s0 { stroke: var(--s0); }
.s1 { fill: var(--s1); background: var(--s1); } .line.s1 { stroke: var(--s1); }
.s2 { fill: var(--s2); background: var(--s2); } .line.s2 { stroke: var(--s2); }
.s3 { fill: var(--s3); background: var(--s3); } .line.s3 { stroke: var(--s3); }
.s4 { fill: var(--s4); background: var(--s4); } .line.s4 { stroke: var(--s4); }
.s5 { fill: var(--s5); background: var(--s5); } .line.s5 { stroke: var(--s5); }
.other { fill: var(--other); background: var(--other); } .line.other { stroke: var(--other); }
.v0 { fill: var(--v0); background: var(--v0); }
.v1 { fill: var(--v1); background: var(--v1); }
.v2 { fill: var(--v2); background: var(--v2); }
footer { color: var(--soft); font-size: 13px; padding-top: 28px; padding-bottom: 40px; }
@media (max-width: 560px) {
  header, main, footer { padding-left: 14px; padding-right: 14px; }
  article, .card { padding: 14px; }
  .tiles { grid-template-columns: repeat(2, 1fr); }
  .scroll td:not(.long) { white-space: nowrap; }
}
@media print {
  .scroll { max-height: none; overflow: visible; }
  article { break-inside: avoid-page; }
}
)css";

}  // namespace finops::report
