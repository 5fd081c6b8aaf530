/** The page in a real Chromium, over a fake API whose levers show what a whole process seldom does. */
import type { Browser, Page } from "playwright-core"
import { gzipSync } from "node:zlib"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { DeadLetterInfo, WayInfo } from "../../../src/web/Api.ts"
import { launch } from "./Browser.ts"
import { bundle } from "./bundle.ts"
import { documents, FakeApi } from "./fakeApi.ts"
import { answers, box, drop, isFocused, log, newChannel, People, said, say, suite } from "./pageSuite.ts"

suite("the page", async () => {
  const fake = await FakeApi.start()
  return { url: fake.url, stop: () => fake.stop(), start: () => fake.listen(), close: () => fake.stop() }
})

describe("the page over the fake API", () => {
  let fake: FakeApi
  let browser: Browser
  let people: People

  beforeAll(async () => {
    browser = await launch()
    fake = await FakeApi.start()
    people = new People(browser)
  })
  afterAll(async () => {
    await browser?.close()
    await fake?.stop()
  })
  const flood = (channel: string, count: number, what: string): void => {
    const author = { id: "flood", name: "Flood", bot: false }
    for (let n = 1; n <= count; n++) fake.say({ channelId: idOf(channel), author, text: `${what} ${n}` })
  }

  afterEach(async () => {
    fake.token = undefined
    fake.hold = undefined
    fake.holdReads = undefined
    await people.leave()
    expect(people.errors.splice(0)).toEqual([])
  })

  it("says that the bot is reading until the answer is there", async () => {
    const page = await people.come(await newChannel(fake.url))
    let release = () => {}
    fake.hold = new Promise((resolve) => (release = resolve))
    await say(page, "@rtfm what about several processes?")
    await page.getByText("reading the manual…").waitFor()
    release()
    await answers(page).first().waitFor()
    await page.getByText("reading the manual…").waitFor({ state: "detached" })
  })

  it("opens the passage of a written answer under its sentence", async () => {
    const page = await people.come(await newChannel(fake.url))
    await say(page, "@rtfm with a model: how do I ingest?")
    const answer = answers(page).first()
    await answer.getByText("Answer", { exact: true }).waitFor()
    await answer.getByRole("button", { name: "Citation 2" }).click()
    const passage = answer.getByRole("group", { name: "Citation 2: Add documentation › Running it again" })
    expect(await passage.locator("mark").allInnerTexts()).toEqual(["passages of files that are gone leave the index"])
    expect(await passage.locator("table").count()).toBe(1)
    expect(await passage.evaluate((panel: any) => panel.previousElementSibling.textContent)).toMatch(/^Run it again/)
    expect(await answer.getByText("2 citations from").count()).toBe(1)
  })

  it("tells quotes in place of a silent model from an answer", async () => {
    const page = await people.come(await newChannel(fake.url))
    await say(page, "@rtfm during an outage, how do I ingest?")
    await answers(page).getByText("Quoted answer").waitFor()
    await answers(page)
      .getByText(/^The model does not answer right now/)
      .waitFor()
  })

  it("shows closest passages without prose, the words asked for in bold and nothing marked", async () => {
    const page = await people.come(await newChannel(fake.url))
    await say(page, "@rtfm which files leave the index?")
    const answer = answers(page).first()
    await answer.getByText("Closest passages").waitFor()
    expect(await answer.getByRole("listitem").count()).toBe(3)
    expect(await answer.locator("li b").allInnerTexts()).toEqual(
      expect.arrayContaining(["file", "files", "leave", "index", "leaves"])
    )
    expect(await answer.locator("mark").count()).toBe(0)
  })

  it("asks for the token, keeps it for the tab only and goes on", async () => {
    const channel = await newChannel(fake.url)
    fake.token = "secret"
    const page = await people.come(channel)
    const field = page.getByLabel("Token", { exact: true })
    await field.fill("guess")
    await field.press("Enter")
    await page.getByText("That token was not accepted.").waitFor()
    await field.fill("secret")
    await field.press("Enter")
    await say(page, "let in")
    expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("secret")
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).toContain("secret")
    await page.reload()
    await said(page, "let in").waitFor()
  })

  it("asks for the token again when it is no longer accepted, and keeps the draft", async () => {
    const page = await people.come(await newChannel(fake.url))
    await box(page).waitFor()
    fake.token = "new"
    await box(page).fill("a draft")
    await box(page).press("Enter")
    await page.getByLabel("Token", { exact: true }).fill("new")
    await page.getByRole("button", { name: "Open" }).click()
    await expect.poll(() => box(page).inputValue()).toBe("a draft")
    await box(page).press("Enter")
    await said(page, "a draft").waitFor()
  })

  it("reads everything again when it is told that it missed too much", async () => {
    const channel = await newChannel(fake.url)
    const page = await people.come(channel)
    await say(page, "known")
    fake.silently(() =>
      fake.say({ channelId: idOf(channel), author: { id: "x", name: "Silent", bot: false }, text: "never told" })
    )
    fake.reset()
    await said(page, "never told").waitFor()
  })

  it("loses nothing that happens while messages are being read", async () => {
    const channel = await newChannel(fake.url)
    flood(channel, 150, "old")
    let release = () => {}
    fake.holdReads = new Promise((resolve) => (release = resolve))
    const page = await people.come(channel)
    await page.getByText("Loading messages…").waitFor()
    await fake.readWaits()
    flood(channel, 1, "meanwhile")
    await said(page, "meanwhile 1").waitFor()
    release()
    await said(page, "old 150").waitFor()
    await said(page, "meanwhile 1").waitFor()
  })

  it("does not send twice what was said once when the answer of the call was lost", async () => {
    const page = await people.come(await newChannel(fake.url))
    await box(page).waitFor()
    fake.losesAnswers = true
    await box(page).fill("said once")
    await box(page).press("Enter")
    await page.getByText(/^Not sent/).waitFor()
    fake.losesAnswers = false
    await box(page).press("Enter")
    await expect.poll(() => box(page).inputValue()).toBe("")
    expect(await said(page, "said once").count()).toBe(1)
  })

  it("loads the newest of many messages", async () => {
    const channel = await newChannel(fake.url)
    flood(channel, 1_000, "old")
    const page = await people.come(channel)
    await said(page, "old 1000").waitFor()
    expect(await rows(page)).toBe(100)
    await expect.poll(() => fromEnd(page)).toBeLessThan(4)
  })

  it.each([true, false])(
    "loads older ones on the way up and stays where the reader is (anchors: %s)",
    async (anchors) => {
      const channel = await newChannel(fake.url)
      flood(channel, 300, "old")
      const page = await people.come(channel)
      await said(page, "old 300").waitFor()
      if (!anchors) await withoutAnchors(page)
      let release = () => {}
      fake.holdReads = new Promise((resolve) => (release = resolve))
      await scrollTo(page, 1_200)
      await scrollTo(page, 300)
      const before = await firstInView(page)
      expect(await rows(page)).toBe(100)
      release()
      await expect.poll(() => rows(page)).toBeGreaterThan(100)
      const after = await firstInView(page)
      expect(after.text).toBe(before.text)
      expect(Math.abs(after.top - before.top)).toBeLessThan(2)
    }
  )

  it("follows the newest message only while the reader is at the end", async () => {
    const channel = await newChannel(fake.url)
    flood(channel, 150, "old")
    const page = await people.come(channel)
    await said(page, "old 150").waitFor()
    flood(channel, 3, "new")
    await said(page, "new 3").waitFor()
    await expect.poll(() => fromEnd(page)).toBeLessThan(4)

    await scrollTo(page, 2_000)
    await page.getByRole("button", { name: "To the newest message" }).waitFor()
    const before = await firstInView(page)
    flood(channel, 2, "later")
    await page.getByRole("button", { name: "2 new messages below" }).waitFor()
    expect(await firstInView(page)).toEqual(before)
    await page.getByRole("button", { name: "2 new messages below" }).click()
    await expect.poll(() => fromEnd(page)).toBeLessThan(4)
    await page.getByRole("button", { name: /newest|below/ }).waitFor({ state: "detached" })
  })

  it("keeps up with a flood, and keeps only what is worth keeping", async () => {
    const channel = await newChannel(fake.url)
    const page = await people.come(channel)
    await box(page).waitFor()
    await page.getByRole("heading", { name: "Ask the manual" }).waitFor()
    for (let at = 0; at < 10; at++) flood(channel, 250, `wave ${at},`)
    await said(page, "wave 9, 250").waitFor()
    await expect.poll(() => rows(page)).toBeLessThanOrEqual(1_000)
    await expect.poll(() => fromEnd(page)).toBeLessThan(4)
    await box(page).fill("still quick")
    const began = Date.now()
    await box(page).press("Enter")
    await said(page, "still quick").waitFor()
    expect(Date.now() - began).toBeLessThan(1_000)
  })

  it("opens a document at the section of its address", async () => {
    const page = await people.come(`${fake.url}/#/documents/${encodeURIComponent(documents[0]!.id)}/a-folder`)
    await page.getByRole("heading", { name: "A folder" }).waitFor()
    expect(await page.locator("mark").count()).toBe(0)
    expect(await page.getByRole("link", { name: "A folder", exact: true }).getAttribute("aria-current")).toBe(
      "location"
    )
  })

  it("says what waits on a part that is down", async () => {
    const page = await people.come(`${fake.url}/#/machine`)
    await page.getByRole("table", { name: "Actors" }).waitFor()
    const calm = fake.status
    fake.status = {
      ...calm,
      summary: "Questions are answered from text alone; vectors wait.",
      parts: calm.parts.map((part) => (part.name === "vectors" ? { ...part, up: false } : part))
    }
    fake.tell({ type: "status.changed" })
    await page.getByText("Questions are answered from text alone; vectors wait.").waitFor()
    await page.getByRole("navigation", { name: "Channels and views" }).getByText("1 down").waitFor()
    fake.status = calm
  })

  it("shows what is proven of an answer while it is written, and then the answer", async () => {
    const page = await people.come(await newChannel(fake.url))
    let release = () => {}
    fake.hold = new Promise((resolve) => (release = resolve))
    await say(page, "@rtfm with a model: how do I ingest?")
    const question = await said(page, "how do I ingest?").getAttribute("data-message")
    fake.tell({ type: "answer.drafted", questionId: question!, channelId: "", text: "Run `rtfm ingest` with" })
    await page.getByText("Answering", { exact: true }).waitFor()
    await page.getByText("Run rtfm ingest with").waitFor()
    release()
    await answers(page).getByText("Answer", { exact: true }).waitFor()
    await page.getByText("Answering", { exact: true }).waitFor({ state: "detached" })
  })

  it("shows the way of a record: its tries, its transaction, its passages and the grounds", async () => {
    const page = await people.come(await newChannel(fake.url))
    await say(page, "@rtfm which files leave the index?")
    const question = (await said(page, "which files").first().getAttribute("data-message"))!
    fake.ways.set(question, wayOf(question))
    await answers(page)
      .first()
      .getByRole("button", { name: /see its way/ })
      .click()
    const panel = page.getByRole("complementary", { name: "The way of a record" })
    await panel.getByText("bot-queries [1]@391", { exact: true }).first().waitFor()
    await panel.getByText("Chroma did not answer").waitFor()
    await panel.getByText("waited 60 ms").waitFor()
    await panel.getByText("One transaction, committed in 6 ms").waitFor()
    await panel.getByText("bot-responses [1]@388").first().waitFor()
    await panel.getByText(/^2 near passages were left out/).waitFor()
    await panel.getByText("cited 1").waitFor()
    await panel.getByRole("img", { name: "4.20, and answers begin above 3.50" }).waitFor()
    fake.ways.set(question, { ...wayOf(question), visits: [] })
    fake.tell({ type: "way.changed", id: question })
    await panel.getByText("Not in the log yet.").waitFor()
    await page.keyboard.press("Escape")
    await panel.waitFor({ state: "detached" })
    await expect
      .poll(() =>
        isFocused(
          answers(page)
            .first()
            .getByRole("button", { name: /see its way/ })
        )
      )
      .toBe(true)
  })

  it("shows dead letters, and sends one back when that is confirmed", async () => {
    fake.deadLetters = [deadLetter("hello <b>there</b>")]
    const page = await people.come(`${fake.url}/#/machine`)
    await page.getByRole("button", { name: "Show" }).click()
    await page.getByLabel("Value of the record").getByText("hello <b>there</b>").waitFor()
    const send = page.getByRole("button", { name: "Send back discord_responses [2]@4" })
    await send.click()
    await page
      .getByRole("alertdialog")
      .getByText(/for a reason that does not pass/)
      .waitFor()
    await page.getByRole("alertdialog").getByRole("button", { name: "Leave it" }).click()
    expect(fake.deadLetters.length).toBe(1)
    await send.click()
    await page.getByRole("alertdialog").getByRole("button", { name: "Send back" }).click()
    await page.getByText("Sent back", { exact: true }).waitFor()
    expect(fake.deadLetters.length).toBe(0)
  })

  it("says what the log complains of and which settings are in force, and no secret", async () => {
    fake.complaints = [{ at: Date.now(), level: "error", actor: "speaker", text: "<script>no</script>", times: 3 }]
    const page = await people.come(`${fake.url}/#/machine`)
    await page.getByText("<script>no</script>").waitFor()
    await page.getByText("3 times").waitFor()
    await page.getByText("Settings in force").click()
    await page.getByText("API_TOKEN").waitFor()
    await page.getByText("set, hidden").waitFor()
    fake.complaints = []
  })

  it("says why documents were refused", async () => {
    fake.refusesDocuments = "The source docs belongs to the folder /srv/docs"
    const page = await people.come(`${fake.url}/#/documents`)
    await page.getByRole("button", { name: "Choose files" }).waitFor()
    await drop(page, { "docs/a.md": "# A" })
    await page.getByText("was not read: The source docs belongs to the folder /srv/docs").waitFor()
    fake.refusesDocuments = undefined
  })

  it("moves nothing for people who want no motion", async () => {
    const page = await people.come(await newChannel(fake.url), { reducedMotion: "reduce" })
    let release = () => {}
    fake.hold = new Promise((resolve) => (release = resolve))
    await say(page, "@rtfm what about motion?")
    await page.getByText("reading the manual…").waitFor()
    expect(await page.evaluate("document.getAnimations().length")).toBe(0)
    release()
    await answers(page).first().waitFor()
  })
})

describe("what the page weighs", () => {
  it("is under 65 kB compressed", async () => {
    const sizes = Object.values(await bundle()).map((text: string) => gzipSync(text).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(65_000)
  })
})

const place = (topic: string, offset: number, appendedAt: number) => ({
  topic,
  partition: 1,
  offset,
  key: "local:general",
  appendedAt
})

const wayOf = (id: string): typeof WayInfo.Type => ({
  id,
  said: { at: 1_000, by: "Ana" },
  visits: [
    {
      ...place("bot-queries", 391, 1_002),
      actor: "answerer",
      takenAt: 1_003,
      attempts: [
        { startedAt: 1_003, endedAt: 1_253, error: "Chroma did not answer", nextAt: 1_313 },
        { startedAt: 1_313, endedAt: 1_351, error: null, nextAt: null }
      ],
      outputs: ["bot-responses"],
      committedAt: 1_357,
      deadLetter: null
    },
    {
      ...place("bot-responses", 388, 1_357),
      actor: "speaker",
      takenAt: 1_358,
      attempts: [{ startedAt: 1_358, endedAt: 1_370, error: null, nextAt: null }],
      outputs: [],
      committedAt: 1_371,
      deadLetter: null
    }
  ],
  explanation: {
    proposed: 24,
    removed: 2,
    vectors: true,
    unknown: ["uptime"],
    found: [
      {
        kind: "document",
        title: "Add documentation › A folder",
        url: documents[0]!.sections[1]!.url,
        passageId: documents[0]!.sections[1]!.id,
        score: 2,
        parts: { text: 0.5, cosine: 1, coverage: 0.3, bigrams: 0.1, title: 0.1 }
      }
    ],
    grounds: { score: 4.2, threshold: 3.5, enough: true }
  }
})

const deadLetter = (value: string): typeof DeadLetterInfo.Type => ({
  topic: "discord_responses.dlq",
  partition: 2,
  offset: 0,
  at: 2_000,
  key: "local:nowhere",
  value,
  reason: "rejected",
  error: "There is no channel local:nowhere",
  actor: "response-commander",
  attempts: 1,
  origin: { topic: "discord_responses", partition: 2, offset: 4 },
  firstFailedAt: 1_000,
  headers: {}
})

const idOf = (channel: string): string => decodeURIComponent(channel.split("/").at(-1)!)

const rows = (page: Page): Promise<number> => log(page).getByRole("article").count()

const scroller = "document.querySelector('.scroll')"

const fromEnd = (page: Page): Promise<number> =>
  page.evaluate<number>(
    `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(${scroller})`
  )

/** As in Safari, which does not keep the place by itself. */
const withoutAnchors = async (page: Page): Promise<void> => {
  for (const rule of [".scroll { overflow-anchor: none }", ".message { content-visibility: visible !important }"])
    await page.evaluate(`document.styleSheets[0].insertRule("${rule}", 0)`)
}

/** As a reader does: through a position the page has time to see. */
const scrollTo = async (page: Page, top: number): Promise<void> => {
  await page.evaluate(
    `new Promise((done) => { ${scroller}.scrollTop = ${top}; requestAnimationFrame(() => requestAnimationFrame(done)) })`
  )
}

const firstInView = (page: Page): Promise<{ readonly text: string; readonly top: number }> =>
  page.evaluate(`(() => {
    const from = ${scroller}.getBoundingClientRect().top
    const row = [...document.querySelectorAll('[data-message]')].find((row) => row.getBoundingClientRect().top >= from)
    return { text: row.textContent, top: row.getBoundingClientRect().top }
  })()`)
