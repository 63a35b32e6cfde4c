import { useEffect, useState } from "preact/hooks";

export type Theme = "system" | "light" | "dark";
const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEY = "skein-theme";

function remembered(): Theme {
  try {
    const theme = localStorage.getItem(KEY) as Theme;
    return THEMES.includes(theme) ? theme : "system";
  } catch {
    // A page from a file, or one that may keep nothing.
    return "system";
  }
}

/** The theme, a way to the next one, and a number that changes when colours do. */
export function useTheme(): { theme: Theme; next: () => void; version: number } {
  const [theme, setTheme] = useState(remembered);
  const [version, setVersion] = useState(0);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    setVersion(before => before + 1);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // It holds for this visit.
    }
  }, [theme]);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setVersion(before => before + 1);
    dark.addEventListener("change", changed);
    return () => dark.removeEventListener("change", changed);
  }, []);
  const next = () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!);
  return { theme, next, version };
}
