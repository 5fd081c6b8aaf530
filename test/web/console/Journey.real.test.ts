/** A newcomer's hour with the whole process: documents dropped, questions, what was said and deleted, a part that is down, a restart. */
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { call, newFolder, removeFolder, type Rtfm, start } from "../../process/Rtfm.ts"
import { withPages } from "../../fixtures/Pdf.ts"
import { launch } from "./Browser.ts"
import { answers, box, drop, log, newChannel, People, said, say } from "./pageSuite.ts"

/** A port that was free a moment ago, and where nobody listens. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

describe("the page and the whole process", () => {
  const folder = newFolder()
  let env: Record<string, string>
  let process: Rtfm
  let browser: Browser
  let people: People

  beforeAll(async () => {
    env = {
      PORT: String(await freePort()),
      CHROMA_URL: `http://127.0.0.1:${await freePort()}`,
      INGEST_OWN_DOCS: "false"
    }
    process = await start({ folder, env })
    browser = await launch()
    people = new People(browser)
  })
  afterAll(async () => {
    await browser?.close()
    await process?.kill("SIGKILL")
    removeFolder(folder)
  })
  afterEach(async () => {
    await people.leave()
    expect(people.errors.splice(0)).toEqual([])
  })

  const ask = async (page: Page, question: string): Promise<void> => {
    const before = await answers(page).count()
    await say(page, `@rtfm ${question}`)
    await expect.poll(() => answers(page).count(), { timeout: 20_000 }).toBe(before + 1)
  }
  const last = (page: Page) => answers(page).last()

  it("answers from a folder that was dropped a moment ago, with the quote marked in its document", async () => {
    const page = await people.come(`${process.url}/#/documents`)
    await page.getByRole("button", { name: "Choose a folder" }).waitFor()
    await drop(page, {
      "kitchen/kettle.md": "# Kettle\n\n## Descaling\n\nDescale the copper kettle with citric acid every full moon.",
      "kitchen/stove.md": "# Stove\n\nThe pilot light is lit with a long match, never with paper."
    })
    await page.getByText("2 documents read, 2 sections new or changed").waitFor()
    await page.goto(await newChannel(process.url))
    const question = "How do I descale the copper kettle?"
    await expect
      .poll(
        async () => {
          await ask(page, question)
          return last(page).innerText()
        },
        { timeout: 60_000 }
      )
      .toContain("citric acid")
    await last(page).getByRole("button", { name: "Citation 1" }).click()
    expect(await last(page).locator("mark").first().innerText()).toContain("citric acid")
    await last(page).getByRole("link", { name: "Open the document" }).click()
    await page.getByRole("heading", { name: "Descaling" }).waitFor()
    expect(await page.locator("mark").first().innerText()).toContain("citric acid")
  })

  it("reads HTML and PDF that were dropped, and says what is neither", async () => {
    const page = await people.come(`${process.url}/#/documents`)
    await page.getByRole("button", { name: "Choose a folder" }).waitFor()
    await drop(page, {
      "yard/gate.html":
        "<!doctype html><title>Gate</title><h1>Gate</h1><p>The gate opens with the silver key at dawn.</p>",
      "yard/well.pdf": withPages(["The well is cleaned every third spring."]).toString("latin1"),
      "yard/broken.pdf": "no PDF at all"
    })
    await page.getByText(/^2 documents read, 3/).waitFor()
    await page.getByText(/^broken\.pdf /).waitFor()
    await page.getByRole("link", { name: "Gate" }).click()
    await page.getByText("The gate opens with the silver key at dawn.").waitFor()
  })

  it("follows a question from the chat to its answer", async () => {
    const page = await people.come(await newChannel(process.url))
    await ask(page, "How is the pilot light of the stove lit?")
    await last(page)
      .getByRole("button", { name: /see its way/ })
      .click()
    const way = page.getByRole("complementary", { name: "The way of a record" })
    for (const actor of ["Listener", "Indexer", "Answerer", "Speaker"])
      await way.getByText(actor, { exact: true }).waitFor()
    await way
      .getByText(/^bot-responses \[\d\]@\d+$/)
      .first()
      .waitFor()
    await way.getByRole("region", { name: "Grounds to answer" }).waitFor()
    await way.getByText("Without vectors: text search stood alone.").waitFor()
    await way.getByText("Show what a model is given").click()
    await way.getByText(/You answer questions from passages[^]*The pilot light is lit with a long match/).waitFor()
    // What is said with the panel open is followed from the start.
    await say(page, "thank you")
    await way
      .getByText(/^discord-messages \[\d\]@\d+$/)
      .first()
      .waitFor()
    await way.getByRole("region", { name: "Grounds to answer" }).waitFor({ state: "detached" })
  })

  it("says what a part that is down means, and answers all the same", async () => {
    const page = await people.come(`${process.url}/#/machine`)
    const parts = page.getByRole("region", { name: "Parts" })
    const vectors = parts.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Vectors" }) })
    await vectors.getByText(/^(?:down|breaker open)$/).waitFor({ timeout: 60_000 })
    await page.getByText(/text search stands in for vectors/).waitFor()
  })

  it("no longer answers from what was deleted", async () => {
    const page = await people.come(await newChannel(process.url))
    await say(page, "The spare key of the lighthouse hangs behind the green barometer.")
    const question = "Where does the spare key of the lighthouse hang?"
    await ask(page, question)
    await expect
      .poll(
        async () => {
          await ask(page, question)
          return last(page).innerText()
        },
        { timeout: 60_000 }
      )
      .toContain("barometer")
    const message = said(page, "The spare key of the lighthouse").first()
    await message.hover()
    await message.getByRole("button", { name: "Delete" }).click()
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click()
    await expect
      .poll(
        async () => {
          await ask(page, question)
          return last(page).getByRole("button", { name: "Citation 1" }).count()
        },
        { timeout: 60_000 }
      )
      .toBe(0)
  })

  it("sends a dead letter back to where it then succeeds", async () => {
    const name = `later-${Date.now().toString(36)}`
    const records = [{ key: `local:${name}`, value: "Build 7 is out" }]
    await call(process.url, "/api/topics/discord_responses/records", { json: { records } })
    const page = await people.come(`${process.url}/#/machine`)
    await page.getByText(`There is no channel local:${name}`).first().waitFor({ timeout: 60_000 })
    await call(process.url, "/api/channels", { json: { name } })
    const letter = page
      .getByRole("list", { name: /^Dead letters/ })
      .getByRole("listitem")
      .filter({ hasText: name })
    await letter.getByRole("button", { name: /^Send back/ }).click()
    await letter.getByRole("alertdialog").getByRole("button", { name: "Send back" }).click()
    await letter.getByText("Sent back", { exact: true }).waitFor()
    await page.goto(`${process.url}/#/channels/${encodeURIComponent(`local:${name}`)}`)
    await said(page, "Build 7 is out").waitFor()
  })

  it("goes on after a restart in the middle of a talk", async () => {
    const channel = await newChannel(process.url)
    const [ana, tom] = [await people.come(channel), await people.come(channel)]
    await say(ana, "before the restart")
    await said(tom, "before the restart").waitFor()
    await process.kill("SIGKILL")
    await ana.getByText(/^Not connected/).waitFor()
    await box(ana).fill("written meanwhile")
    process = await start({ folder, env })
    await ana.getByText(/^Not connected/).waitFor({ state: "detached", timeout: 60_000 })
    await tom.getByText(/^Not connected/).waitFor({ state: "detached", timeout: 60_000 })
    await box(ana).press("Enter")
    await said(tom, "written meanwhile").waitFor()
    expect(await log(tom).getByRole("article").count()).toBe(2)
    await ask(tom, "How do I descale the copper kettle?")
    await said(ana, "citric acid").first().waitFor()
  })
})
