import { defineConfig } from "vite";

/**
 * Three files beside the package that ships them: `index.html`, `page.js`, `page.css`. Nothing else is loaded, so that the page runs
 * under a policy that allows its own files only, and a report can hold them.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    outDir: "../skein/dist/dashboard",
    emptyOutDir: true,
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: { output: { entryFileNames: "page.js", assetFileNames: "page[extname]" } },
  },
});
