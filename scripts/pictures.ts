/** `npx node scripts/pictures.ts`: the README's pictures of the page, taken in a real browser from a process of their own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { crc32, deflateSync, inflateSync } from "node:zlib"
import { type Browser, chromium, type Locator, type Page } from "playwright-core"
import { readyAt } from "./readyAt.ts"

const out = resolve("docs/pictures")
const viewport = { width: 1280, height: 800 }
const ada = { id: "ada", name: "Ada" }
const grace = { id: "grace", name: "Grace Hopper" }
const general = "/api/channels/local%3Ageneral/messages"

// The process

/** Waits until everything that is known has its vector. */
const settled = async (url: string): Promise<void> => {
  while (true) {
    const { knowledge } = (await (await fetch(`${url}/api/status`)).json()) as any
    if (knowledge.documents > 0 && knowledge.waiting === 0) return
    await wait(200)
  }
}

// The page

const browsers = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium", "/usr/bin/chromium-headless-shell"]

const launch = (): Promise<Browser> => {
  const executablePath = browsers.find((path) => path !== undefined && existsSync(path))
  if (executablePath === undefined) throw new Error("Name a Chrome or Chromium in CHROMIUM_PATH")
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"] })
}

const open = async (browser: Browser, url: string, colorScheme: "light" | "dark"): Promise<Page> => {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" })
  await context.addInitScript(`localStorage.setItem("rtfm.me", ${JSON.stringify(JSON.stringify(ada))})`)
  const page = await context.newPage()
  await page.goto(url)
  return page
}

const answers = (page: Page) => page.getByRole("article", { name: /^rtfm,/ })

const post = async (url: string, path: string, body: object): Promise<any> => {
  const headers = { "content-type": "application/json" }
  const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return response.status === 204 ? undefined : response.json()
}

const askAs = (url: string, author: typeof ada, text: string) => post(url, "/api/questions?wait=30", { text, author })

/** What people said before the pictures are taken. */
const talk = async (url: string): Promise<void> => {
  const text = "The bot keeps its data in a volume now:\n```sh\ndocker run -v rtfm-data:/data rtfm-bot # 260 MB\n```"
  const { id } = await post(url, general, { text, author: grace })
  await post(url, `${general}/${id}/reactions`, { emoji: "🎉", author: ada, on: true })
  const asked = await askAs(url, grace, "How do I ingest a folder of documents?")
  await post(url, "/api/feedback", { answerId: `answer-${asked.id}`, author: ada, verdict: "helpful" })
  await askAs(url, ada, "What happens when Chroma is down?")
  const records = [{ key: "local:releases", value: "Version 2 is out" }]
  await post(url, "/api/topics/discord_responses/records", { records })
}

// The picture

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1")

const chunk = (type: string, data: Uint8Array): Buffer => {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, sum])
}

const paeth = (left: number, up: number, corner: number): number => {
  const [a, b, c] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs) as [number, number, number]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** Width and height, which stand in the first chunk. */
const sizeOf = (png: Buffer) => ({ width: png.readUInt32BE(16), height: png.readUInt32BE(20) })

/** Three bytes for each pixel of a screenshot, which is a PNG of 8-bit RGB. */
const pixelsOf = (png: Buffer): Uint8Array => {
  const { height, width } = sizeOf(png)
  const parts: Array<Buffer> = []
  for (let at = signature.length; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  const raw = inflateSync(Buffer.concat(parts))
  const row = width * 3
  const pixels = new Uint8Array(row * height)
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : pixels[y * row + x]!)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)]
    for (let x = 0; x < row; x++) {
      const [left, up, corner] = [at(x - 3, y), at(x, y - 1), at(x - 3, y - 1)]
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter!]!
      pixels[y * row + x] = raw[y * (row + 1) + 1 + x]! + guess
    }
  }
  return pixels
}

/** The same picture in its 256 most frequent colours, a third of the size; others become the nearest of these. */
const withFewColours = (png: Buffer): Buffer => {
  const pixels = pixelsOf(png)
  const colours = Uint32Array.from({ length: pixels.length / 3 }, (_, i) =>
    [0, 1, 2].reduce((colour, part) => (colour << 8) | pixels[i * 3 + part]!, 0)
  )
  const counts = new Map<number, number>()
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const parts = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255]
  const palette = [...counts].toSorted((a, b) => b[1] - a[1]).map(([colour]) => colour)
  const kept = palette.slice(0, 256)
  const distance = (a: number, b: number) => parts(a).reduce((sum, part, i) => sum + (part - parts(b)[i]!) ** 2, 0)
  const index = new Map(
    palette.map((colour) => [
      colour,
      kept.indexOf(kept.reduce((a, b) => (distance(colour, b) < distance(colour, a) ? b : a)))
    ])
  )
  const { height, width } = sizeOf(png)
  const lines = Buffer.alloc((width + 1) * height)
  colours.forEach((colour, i) => (lines[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = index.get(colour)!))
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  // 8 bits for each pixel, which name a colour of the palette.
  header.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(kept.flatMap(parts))),
    chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0))
  ])
}

const takePicture = async (page: Page, name: string, of: Page | Locator = page): Promise<void> => {
  await page.evaluate("document.fonts.ready")
  const picture = withFewColours(await of.screenshot({ animations: "disabled" }))
  writeFileSync(join(out, name), picture)
  console.log(`${join(out, name)} ${(picture.length / 1024).toFixed(0)} kB`)
}

// How events are told

const golden = resolve("test/golden/events")

/** The page draws what the tests say is told, as it draws any event. */
const takeEvents = async (browser: Browser, url: string): Promise<void> => {
  for (const file of readdirSync(golden)) {
    const name = file.replace(".txt", "")
    const text = readFileSync(join(golden, file), "utf8")
    const embed = JSON.parse(text.slice(text.indexOf("\n{")))
    const at = embed.at
    const told = { publishedAt: at, takenAt: at, toldAt: at, error: null, steps: [], state: "processed", embed }
    const page = await open(browser, url, "light")
    await page.route("**/api/recent-events", (route) =>
      route.fulfill({ json: [{ id: name, type: name, name, icon: "", heading: name, ...told }] })
    )
    await page.goto(`${url}/#/events`)
    await takePicture(page, `event-${name}.png`, page.getByRole("region", { name: /^Notification/ }))
    await page.close()
  }
}

// All of it

const folder = mkdtempSync(join(tmpdir(), "rtfm-pictures-"))
mkdirSync(out, { recursive: true })
const child = spawn(process.execPath, ["src/cli.ts", "start"], {
  env: { ...process.env, DATA_DIR: folder, PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"]
})
const ended = once(child, "exit")
try {
  const url = await readyAt(child)
  await settled(url)
  const browser = await launch()
  await talk(url)
  for (const look of ["light", "dark"] as const) {
    const page = await open(browser, url, look)
    const newest = answers(page).last()
    await newest.getByRole("button", { name: "Citation 1" }).click()
    await newest.locator("mark").first().waitFor()
    await page.mouse.move(0, 0)
    await takePicture(page, `page-${look}.png`)
    await newest.getByRole("button", { name: "Close citation 1" }).click()
    await newest.getByRole("button", { name: /see its way/ }).click()
    await page.getByRole("region", { name: "Passages" }).waitFor()
    await page.mouse.move(0, 0)
    await takePicture(page, `way-${look}.png`)
    await page.getByRole("button", { name: "Close the way" }).click()
    await page.goto(`${url}/#/machine`)
    await page.getByRole("button", { name: /^Send back/ }).waitFor()
    await page.getByRole("table", { name: "Topics" }).waitFor()
    await page.mouse.move(0, 0)
    await takePicture(page, `machine-${look}.png`)
  }
  await takeEvents(browser, url)
  await browser.close()
} finally {
  child.kill("SIGTERM")
  await ended
  rmSync(folder, { recursive: true, force: true })
}
