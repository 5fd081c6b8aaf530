/** A real Chromium for the tests of the page. */
import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"

const places = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium", "/usr/bin/chromium-headless-shell"]

export const launch = (): Promise<Browser> => {
  const executablePath = places.find((place) => place !== undefined && place !== "" && existsSync(place))
  if (executablePath === undefined)
    throw new Error(
      "The tests of the page need Chromium: install it with `apt-get install -y chromium`, or set CHROMIUM_PATH to a Chrome or Chromium"
    )
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
  })
}
