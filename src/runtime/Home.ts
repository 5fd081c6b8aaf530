/** Where this installation's own files are: its version, its README and its docs. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const packageIn = (folder: string): { readonly name?: string; readonly version?: string } | undefined => {
  const file = join(folder, "package.json")
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined
}

/** The nearest folder above the running file that is ours; from source the checkout, bundled the bundle's own folder. */
const find = (folder: string): string =>
  packageIn(folder)?.name === "rtfm-bot" || dirname(folder) === folder ? folder : find(dirname(folder))

export const home = find(dirname(fileURLToPath(import.meta.url)))

export const version = packageIn(home)?.version ?? "0.0.0"
