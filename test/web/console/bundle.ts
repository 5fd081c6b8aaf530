/** The page as a browser gets it, bundled in memory. */
import { readFile } from "node:fs/promises"
import { rolldown } from "rolldown"

const console = new URL("../../../src/web/console/", import.meta.url)

export interface Page {
  readonly html: string
  readonly css: string
  readonly js: string
}

export const bundle = async (): Promise<Page> => {
  const build = await rolldown({
    input: new URL("main.tsx", console).pathname,
    platform: "browser",
    tsconfig: new URL("tsconfig.json", console).pathname,
    logLevel: "warn"
  })
  const { output } = await build.generate({ format: "esm", minify: true, codeSplitting: false })
  await build.close()
  const [html, css] = await Promise.all(
    ["index.html", "page.css"].map((name) => readFile(new URL(name, console), "utf8"))
  )
  return { html: html!, css: css!, js: output[0].code }
}
