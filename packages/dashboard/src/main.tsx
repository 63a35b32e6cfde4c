import { render } from "preact";
import { App } from "./app.tsx";
import type { ReportData } from "./protocol.ts";
import type { DataSource } from "./source/data-source.ts";
import { LiveSource } from "./source/live-source.ts";
import { ReportSource } from "./source/report-source.ts";
import "uplot/dist/uPlot.min.css";
import "./styles.css";

function sourceOfPage(): DataSource {
  const report = document.getElementById("report")?.textContent;
  if (report) return new ReportSource(JSON.parse(report) as ReportData);
  return new LiveSource(new URLSearchParams(location.search).get("token") ?? "");
}

render(<App source={sourceOfPage()} />, document.getElementById("page")!);
