/** What the page must do whatever serves it: run on the fake API and on the whole process. */
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { launch } from "./Browser.ts"

export interface Target {
  /** Without a slash at the end; the same before and after a stop. */
  readonly url: string
  /** Ends what serves the page, connections and all. */
  readonly stop: () => Promise<void>
  /** Serves again; what was said is still there. */
  readonly start: () => Promise<void>
  /** Ends for good and cleans up. */
  readonly close: () => Promise<void>
}

/** A question the documentation answers, and one it does not. */
export const answerable = "How do I ingest a folder of documents?"
const unanswerable = "What is the capital city of Mongolia?"

const patience = 20_000

/** A browser with people in it, each with storage of their own; closed after each test. */
export class People {
  private readonly browser: Browser
  private readonly contexts: Array<BrowserContext> = []
  /** What went wrong in a page by itself. */
  readonly errors: Array<string> = []

  constructor(browser: Browser) {
    this.browser = browser
  }

  async come(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    this.contexts.push(context)
    const page = await context.newPage()
    page.setDefaultTimeout(patience)
    page.on("pageerror", (error) => this.errors.push(String(error)))
    page.on("dialog", (dialog) => {
      this.errors.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on("console", (message) => {
      if (/Content.Security.Policy|Trusted/i.test(message.text())) this.errors.push(message.text())
    })
    await page.goto(url)
    return page
  }

  async leave(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()))
  }
}

export const box = (page: Page): Locator => page.getByRole("textbox", { name: /^Message #/ })

export const log = (page: Page): Locator => page.getByRole("log")

export const said = (page: Page, text: string): Locator => log(page).getByRole("article").filter({ hasText: text })

export const answers = (page: Page): Locator => log(page).getByRole("article", { name: /^rtfm,/ })

export const say = async (page: Page, text: string): Promise<void> => {
  await box(page).fill(text)
  await box(page).press("Enter")
  await said(page, text).first().waitFor()
}

let channels = 0

/** A channel nobody spoke in, as an address of the page. */
export const newChannel = async (url: string): Promise<string> => {
  const name = `test-${Date.now().toString(36)}-${++channels}`
  const response = await fetch(`${url}/api/channels`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name })
  })
  const { id } = (await response.json()) as { readonly id: string }
  return `${url}/#/channels/${encodeURIComponent(id)}`
}

const post = async (url: string, channel: string, text: string): Promise<void> => {
  const id = decodeURIComponent(channel.split("/").at(-1)!)
  const response = await fetch(`${url}/api/channels/${encodeURIComponent(id)}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text, author: { id: "somebody", name: "Somebody else" } })
  })
  expect(response.status).toBe(200)
}

export const isFocused = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element: any) => element === element.ownerDocument.activeElement)

export const suite = (name: string, open: () => Promise<Target>): void => {
  describe(name, () => {
    let target: Target
    let browser: Browser
    let people: People

    beforeAll(async () => {
      browser = await launch()
      target = await open()
      people = new People(browser)
    })
    afterAll(async () => {
      await browser?.close()
      await target?.close()
    })
    afterEach(async () => {
      await people.leave()
      expect(people.errors.splice(0)).toEqual([])
    })

    it("sends a message with Enter and starts a line with Shift Enter", async () => {
      const page = await people.come(await newChannel(target.url))
      await box(page).fill("first line")
      await box(page).press("Shift+Enter")
      await box(page).pressSequentially("second line")
      await box(page).press("Enter")
      const message = said(page, "first line")
      await message.waitFor()
      expect(await message.innerText()).toMatch(/first line\nsecond line/)
      expect(await box(page).inputValue()).toBe("")
    })

    it("answers an example of the empty channel with a citation that opens in place and leads to its source", async () => {
      const page = await people.come(await newChannel(target.url))
      await page.getByRole("button", { name: answerable }).click()
      const citation = answers(page).getByRole("button", { name: "Citation 1" }).first()
      await citation.click()
      expect(await citation.getAttribute("aria-expanded")).toBe("true")
      const passage = answers(page).getByRole("group", { name: /^Citation 1:/ })
      const quote = await passage.locator("mark").first().innerText()
      expect(quote.length).toBeGreaterThan(3)
      expect(await passage.innerText()).toContain(quote)

      await passage.getByRole("link").last().click()
      await page.waitForURL(/#\/documents\//)
      await page.getByRole("main").locator("mark").first().waitFor()
      expect(await page.getByRole("main").locator("mark").first().innerText()).toBe(quote)
    })

    it("closes a citation with Esc and gives the keyboard back to its number", async () => {
      const page = await people.come(await newChannel(target.url))
      await page.getByRole("button", { name: answerable }).click()
      const citation = answers(page).getByRole("button", { name: "Citation 1" }).first()
      await citation.click()
      await page.getByRole("button", { name: "Close citation 1" }).focus()
      await page.keyboard.press("Escape")
      await page.getByRole("group", { name: /^Citation 1:/ }).waitFor({ state: "detached" })
      expect(await isFocused(citation)).toBe(true)
    })

    it("puts plain text to the manual with Ask, and a message that names the bot with Enter", async () => {
      const page = await people.come(await newChannel(target.url))
      await box(page).fill(answerable)
      await page.getByRole("button", { name: "Ask", exact: true }).click()
      await answers(page).first().waitFor()
      await say(page, `!rtfm ${answerable}`)
      await answers(page).nth(1).waitFor()
      await say(page, `@rtfm ${answerable}`)
      await answers(page).nth(2).waitFor()
    })

    it("offers to ask the manual what a newcomer only said", async () => {
      const page = await people.come(await newChannel(target.url))
      await say(page, answerable)
      expect(await answers(page).count()).toBe(0)
      await page.getByRole("button", { name: "Ask the manual this" }).click()
      await answers(page).first().waitFor()
    })

    it("says that it does not know in a form of its own", async () => {
      const page = await people.come(await newChannel(target.url))
      await say(page, `@rtfm ${unanswerable}`)
      const answer = answers(page).first()
      await answer.getByRole("heading", { name: "Not in the manual" }).waitFor()
      expect(await answer.getByRole("button", { name: /^Citation/ }).count()).toBe(0)
      await answer.getByRole("button", { name: /^Ask people in/ }).click()
      await expect.poll(() => box(page).inputValue()).toBe(unanswerable)
    })

    it("lets people edit and delete their own, and everyone sees it", async () => {
      const channel = await newChannel(target.url)
      const [ana, tom] = [await people.come(channel), await people.come(channel)]
      await say(ana, "a message with a tpyo")
      await said(tom, "tpyo").hover()
      await tom.getByRole("button", { name: "Reply" }).waitFor()
      expect(await tom.getByRole("button", { name: "Edit" }).count()).toBe(0)
      expect(await tom.getByRole("button", { name: "Delete" }).count()).toBe(0)

      await said(ana, "tpyo").hover()
      await ana.getByRole("button", { name: "Edit" }).click()
      const field = ana.getByRole("textbox", { name: "Edit your message" })
      await field.fill("a message without one")
      await field.press("Enter")
      await said(tom, "a message without one").waitFor()
      expect(await said(tom, "a message without one").innerText()).toMatch(/edited \d\d:\d\d/)

      await said(ana, "without one").hover()
      await ana.getByRole("button", { name: "Delete" }).click()
      await ana.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click()
      await said(tom, "without one").waitFor({ state: "detached" })
      expect(await said(ana, "without one").count()).toBe(0)
    })

    it("draws a reply as one when another message came between, and leads to what it replies to", async () => {
      const channel = await newChannel(target.url)
      const [ana, tom] = [await people.come(channel), await people.come(channel)]
      await say(ana, "the one it is about")
      await say(ana, "another one")
      await said(tom, "another one").waitFor()
      await said(tom, "the one it is about").hover()
      await tom.getByRole("button", { name: "Reply" }).click()
      await tom.getByText(/^Replying to/).waitFor()
      await say(tom, "this is the reply")
      const reply = said(ana, "this is the reply")
      await reply.waitFor()
      await reply.getByRole("button", { name: /the one it is about/ }).click()
      await expect.poll(() => isFocused(said(ana, "the one it is about").first())).toBe(true)
    })

    it("shows several people's messages, and what is new elsewhere", async () => {
      const [first, second] = [await newChannel(target.url), await newChannel(target.url)]
      const [ana, tom] = [await people.come(first), await people.come(second)]
      await box(ana).waitFor()
      await say(tom, "said in another channel")
      await ana.getByLabel("1 new message").waitFor()
      await ana.getByLabel("1 new message").click()
      await said(ana, "said in another channel").waitFor()
      expect(await ana.getByLabel("1 new message").count()).toBe(0)
    })

    it("keeps the name people give themselves", async () => {
      const page = await people.come(await newChannel(target.url))
      await page.getByRole("button", { name: /Change your name/ }).click()
      const field = page.getByRole("textbox", { name: "Your name" })
      await field.fill("<b>")
      await field.press("Enter")
      await page.getByText(/^A name is 1 to 40/).waitFor()
      await field.fill("Ana Kovač")
      await field.press("Enter")
      await say(page, "it is me")
      await page.reload()
      await log(page)
        .getByRole("article", { name: /^Ana Kovač,/ })
        .waitFor()
    })

    it("keeps what people think of an answer, and asks why when it is no good", async () => {
      const channel = await newChannel(target.url)
      const [ana, tom] = [await people.come(channel), await people.come(channel)]
      await ana.getByRole("button", { name: answerable }).click()
      await answers(ana).first().getByRole("button", { name: "Helpful", exact: true }).click()
      await answers(tom).first().getByRole("button", { name: "Helpful, 1 person" }).waitFor()
      await answers(tom).first().getByRole("button", { name: "Not helpful", exact: true }).click()
      const reason = tom.getByRole("textbox", { name: "What is wrong with it?" })
      await expect.poll(() => isFocused(reason)).toBe(true)
      await reason.fill("<b>outdated</b>")
      await reason.press("Enter")
      await tom.getByText(/^Thank you/).waitFor()
      await ana.reload()
      await answers(ana).first().getByRole("button", { name: "Not helpful, 1 person" }).waitFor()
      const mine = answers(ana).first().getByRole("button", { name: "Helpful, 1 person", exact: true })
      expect(await mine.getAttribute("aria-pressed")).toBe("true")
      await mine.click()
      await answers(tom).first().getByRole("button", { name: "Helpful", exact: true }).waitFor()
    })

    it("puts reactions under messages, for everyone to see", async () => {
      const channel = await newChannel(target.url)
      const [ana, tom] = [await people.come(channel), await people.come(channel)]
      await say(ana, "look at this")
      await said(tom, "look at this").hover()
      await tom.getByRole("button", { name: "React" }).click()
      await tom.getByRole("group", { name: "Choose a reaction" }).getByRole("button", { name: "🎉" }).click()
      await ana.getByRole("button", { name: "🎉, 1 person" }).click()
      await tom.getByRole("button", { name: "🎉, 2 people" }).click()
      await ana.getByRole("button", { name: "🎉, 1 person" }).waitFor()
    })

    it("opens a thread on a message, and answers in it", async () => {
      const channel = await newChannel(target.url)
      const [ana, tom] = [await people.come(channel), await people.come(channel)]
      await say(ana, "about the kettle")
      await said(tom, "about the kettle").hover()
      await tom.getByRole("button", { name: "Open a thread" }).click()
      await tom.getByRole("heading", { name: /› about the kettle$/ }).waitFor()
      await say(tom, `@rtfm ${answerable}`)
      await answers(tom).first().waitFor()
      await said(ana, "about the kettle").getByRole("link", { name: "To its thread" }).click()
      await said(ana, answerable).first().waitFor()
      await ana.getByRole("link", { name: "The message it hangs from" }).click()
      await expect.poll(() => isFocused(said(ana, "about the kettle").first())).toBe(true)
      expect(await log(ana).getByRole("article").count()).toBe(1)
    })

    it("completes mentions and commands, and runs commands", async () => {
      const channel = await newChannel(target.url)
      const [ana, tom] = [await people.come(channel), await people.come(channel)]
      await box(tom).fill("/name Tom Reyes")
      await box(tom).press("Enter")
      await say(tom, "hello")
      await said(ana, "hello").waitFor()
      await box(ana).pressSequentially("well, @")
      const options = ana.getByRole("listbox", { name: "Completions" }).getByRole("option")
      await options.first().waitFor()
      expect(await options.count()).toBe(2)
      await box(ana).press("ArrowDown")
      await box(ana).press("Enter")
      await expect.poll(() => box(ana).inputValue()).toBe("well, @Tom Reyes ")
      await box(ana).fill("")
      await box(ana).pressSequentially("/as")
      await options.filter({ hasText: "put it to the manual" }).waitFor()
      await box(ana).press("Tab")
      await box(ana).pressSequentially(answerable)
      await box(ana).press("Enter")
      await answers(ana).first().waitFor()
      await box(ana).fill("/nonsense")
      await box(ana).press("Enter")
      await ana.getByText("There is no command /nonsense.").waitFor()
      expect(await box(ana).inputValue()).toBe("/nonsense")
      await box(ana).fill("/machine")
      await box(ana).press("Enter")
      await ana.getByRole("heading", { name: "Machine", level: 1 }).waitFor()
    })

    it("reads what is dropped, says what it left out, and answers from it", async () => {
      const page = await people.come(`${target.url}/#/documents`)
      const source = `dropped-${Date.now().toString(36)}`
      await page.getByRole("button", { name: "Choose a folder" }).waitFor()
      await drop(page, {
        [`${source}/kettle.md`]: "# Kettle\n\nDescale the copper kettle with citric acid every full moon.",
        [`${source}/picture.png`]: "no text",
        [`${source}/large.md`]: "x".repeat(2 * 1024 * 1024 + 1)
      })
      await page.getByText(/^1 document read/).waitFor()
      await page.getByText("picture.png is of no kind that is read").waitFor()
      await page.getByText("large.md is larger than 2 MiB").waitFor()
    })

    it("adds a channel", async () => {
      const page = await people.come(target.url)
      await page.getByRole("button", { name: "New channel" }).click()
      const name = `made-here-${Date.now().toString(36)}`
      await page.getByRole("textbox", { name: "Name of the new channel" }).fill(name)
      await page.getByRole("button", { name: "Create" }).click()
      await page.getByRole("heading", { name: `# ${name}` }).waitFor()
      await page.getByRole("heading", { name: "Ask the manual" }).waitFor()
    })

    it("is complete by keyboard", async () => {
      const page = await people.come(await newChannel(target.url))
      const { keyboard } = page
      await box(page).waitFor()
      await expect.poll(() => isFocused(box(page))).toBe(true)
      await keyboard.type(answerable)
      await keyboard.press("Control+Enter")
      await answers(page).first().waitFor()
      await keyboard.type("and one more")
      await keyboard.press("Enter")
      await said(page, "and one more").waitFor()

      await keyboard.press("Escape")
      await expect.poll(() => isFocused(said(page, "and one more"))).toBe(true)
      await keyboard.press("Tab")
      await keyboard.press("Tab")
      await keyboard.press("Enter")
      const field = page.getByRole("textbox", { name: "Edit your message" })
      await expect.poll(() => isFocused(field)).toBe(true)
      await keyboard.type(", edited")
      await keyboard.press("Enter")
      await said(page, "and one more, edited").waitFor()
      await expect.poll(() => isFocused(said(page, "and one more, edited"))).toBe(true)

      await keyboard.press("k")
      expect(await isFocused(answers(page).first())).toBe(true)
      await keyboard.press("1")
      await page.getByRole("group", { name: /^Citation 1:/ }).waitFor()
      await keyboard.press("Escape")
      await page.getByRole("group", { name: /^Citation 1:/ }).waitFor({ state: "detached" })

      await keyboard.press("r")
      await page.getByText("Replying to rtfm").waitFor()
      await expect.poll(() => isFocused(box(page))).toBe(true)
      await keyboard.press("Escape")
      await page.getByText("Replying to rtfm").waitFor({ state: "detached" })
      await keyboard.press("ArrowUp")
      await expect.poll(() => isFocused(field)).toBe(true)
      await keyboard.press("Escape")
      await expect.poll(() => isFocused(said(page, "and one more, edited"))).toBe(true)

      await keyboard.press("?")
      await page.getByRole("dialog", { name: "Keys" }).waitFor()
      await keyboard.press("Escape")
      await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" })
      await keyboard.press("m")
      await page.getByRole("heading", { name: "Machine", level: 1 }).waitFor()
      await keyboard.press("b")
      await page.getByRole("heading", { name: "Documents", level: 1 }).waitFor()
      await keyboard.press("/")
      await expect.poll(() => isFocused(box(page))).toBe(true)
      const before = await page.getByRole("heading", { level: 1 }).innerText()
      await keyboard.press("Alt+ArrowUp")
      await expect.poll(() => page.getByRole("heading", { level: 1 }).innerText()).not.toBe(before)
    })

    it("shows text as text, whatever it tries to be", async () => {
      const page = await people.come(await newChannel(target.url))
      const attempts = [
        "<script>window.broken = 1</script>",
        "<img src=x onerror='window.broken = 2'>",
        "<svg/onload=alert(3)>",
        "[press me](javascript:window.broken=4)",
        "[press me too](data:text/html,<script>alert(5)</script>)",
        "![picture](https://example.com/x.png)",
        '<https://example.com/" onmouseover="alert(6)>',
        "`<b>code</b>` **<i>bold</i>** \u202Eright to left\u202C",
        `"><iframe srcdoc="<script>parent.broken=7</script>">`,
        "&lt;b&gt; &#x3C;script&#x3E;"
      ]
      for (const attempt of attempts) {
        await box(page).fill(attempt)
        await box(page).press("Enter")
      }
      await expect.poll(() => log(page).getByRole("article").count()).toBe(attempts.length)
      const shown = await log(page).textContent()
      for (const part of ["<script>window.broken = 1</script>", "<img src=x", "<svg/onload", "<iframe", "&lt;b&gt;"])
        expect(shown).toContain(part)
      expect(await page.evaluate("window.broken")).toBeUndefined()
      expect(await log(page).locator("script, img, iframe, object, embed, svg[onload], [style*=url]").count()).toBe(0)
      const links: ReadonlyArray<readonly [string, string]> = await log(page)
        .getByRole("link")
        .evaluateAll((links: ReadonlyArray<any>) => links.map((link) => [link.href, link.rel]))
      for (const [href, rel] of links) {
        expect(href).toMatch(/^https?:/)
        expect(rel).toBe("noopener noreferrer nofollow")
      }
    })

    it("shows hostile text as text in every field that people and documents fill", async () => {
      const hostile = `<img src=x onerror="window.broken=1"> \u202Eesrever\u202C "'><script>window.broken=2</script> {{7*7}}`
      const channel = await newChannel(target.url)
      const [ana, tom] = [await people.come(channel), await people.come(channel)]
      // A name and a channel's name are refused with a sentence.
      await ana.getByRole("button", { name: /Change your name/ }).click()
      await ana.getByRole("textbox", { name: "Your name" }).fill(hostile.slice(0, 40))
      await ana.getByRole("textbox", { name: "Your name" }).press("Enter")
      await ana.getByText(/^A name is 1 to 40/).waitFor()
      await ana.getByRole("textbox", { name: "Your name" }).press("Escape")
      // A message, its edit, its thread and its reply.
      await say(ana, hostile)
      await said(ana, "esrever").hover()
      await said(ana, "esrever").getByRole("button", { name: "Edit" }).click()
      await ana.getByRole("textbox", { name: "Edit your message" }).fill(`edited ${hostile}`)
      await ana.getByRole("textbox", { name: "Edit your message" }).press("Enter")
      await said(tom, "edited <img src=x").hover()
      await said(tom, "edited <img src=x").getByRole("button", { name: "Open a thread" }).click()
      await tom.getByRole("heading", { name: /› edited <img src=x/ }).waitFor()
      await box(tom).fill(`\`\`\`js\n${hostile}\n\`\`\``)
      await box(tom).press("Enter")
      await said(tom, "esrever").first().waitFor()
      // A question, the reason why its answer is no good, a document and its title.
      await tom.goto(channel)
      await say(tom, `@rtfm ${answerable} ${hostile}`)
      await answers(tom).first().getByRole("button", { name: "Not helpful" }).click()
      await tom.getByRole("textbox", { name: "What is wrong with it?" }).fill(hostile)
      await tom.getByRole("textbox", { name: "What is wrong with it?" }).press("Enter")
      await tom.getByText(/^Thank you/).waitFor()
      await tom.goto(`${target.url}/#/documents`)
      await tom.getByRole("button", { name: "Choose a folder" }).waitFor()
      await drop(tom, { [`hostile/<img src=x onerror=window.broken=3>.md`]: `# ${hostile}\n\n${hostile}` })
      await tom.getByText(/^1 document read|^was not read/).waitFor()
      for (const page of [ana, tom]) {
        expect(await page.evaluate("window.broken")).toBeUndefined()
        expect(await page.locator("#app :is(script, img, iframe, object, embed, link, style)").count()).toBe(0)
      }
      await noOverflow(ana)
    })

    it("takes a paste of a million characters without breaking, and refuses it with a sentence", async () => {
      const page = await people.come(await newChannel(target.url), { permissions: ["clipboard-write"] })
      await box(page).fill("before ")
      await page.evaluate(`navigator.clipboard.writeText("word <b> ".repeat(111_112))`)
      const pastedAt = Date.now()
      await box(page).press("ControlOrMeta+v")
      const refusal = "What you pasted has 1,000,008 characters, and a message has at most 4,000: it was left out."
      await page.getByText(refusal).waitFor()
      expect(Date.now() - pastedAt).toBeLessThan(5_000)
      expect(await box(page).inputValue()).toBe("before ")
      await box(page).fill("x".repeat(5_000))
      await page.getByText("A message has at most 4,000 characters; this one has 5,000.").waitFor()
      await box(page).press("Enter")
      expect(await log(page).getByRole("article").count()).toBe(0)
      await box(page).fill("short again")
      await box(page).press("Enter")
      await said(page, "short again").waitFor()
    })

    it("takes 2,000 emoji, and refuses what is too long with a sentence", async () => {
      const page = await people.come(await newChannel(target.url))
      await say(page, "😀".repeat(2_000))
      await box(page).fill("x".repeat(4_001))
      await box(page).press("Enter")
      await page.getByText("A message has at most 4,000 characters; this one has 4,001.").waitFor()
      expect(await log(page).getByRole("article").count()).toBe(1)
    })

    it("says that it is not connected, keeps the draft and comes back by itself", async () => {
      const channel = await newChannel(target.url)
      const page = await people.come(channel)
      await say(page, "said before")
      await target.stop()
      try {
        await page.getByText(/^Not connected/).waitFor()
        await box(page).fill("said while it was away")
        await box(page).press("Enter")
        await page.getByText(/^Not sent/).waitFor()
        expect(await box(page).inputValue()).toBe("said while it was away")
      } finally {
        await target.start()
      }
      await post(target.url, channel, "said before the page was back")
      await page.getByText(/^Not connected/).waitFor({ state: "detached" })
      await said(page, "said before the page was back").waitFor()
      expect(await box(page).inputValue()).toBe("said while it was away")
      await box(page).press("Enter")
      await said(page, "said while it was away").waitFor()
      expect(await log(page).getByRole("article").count()).toBe(3)
    })

    it("shows how the process is: one sentence, parts, actors and what is known", async () => {
      const page = await people.come(`${target.url}/#/machine`)
      await page.getByRole("table", { name: "Actors" }).waitFor()
      expect(await page.getByRole("table", { name: "Actors" }).getByRole("rowheader").count()).toBeGreaterThan(3)
      const parts = page.getByRole("region", { name: "Parts" })
      for (const part of ["Broker", "Chat", "Vectors", "Writer"])
        await parts.getByRole("heading", { name: part }).waitFor()
      await page.getByText("passages", { exact: true }).waitFor()
    })

    it("lists what was read and shows a document at its sections", async () => {
      const page = await people.come(`${target.url}/#/documents`)
      await page.getByRole("main").getByRole("link").first().click()
      await page.waitForURL(/#\/documents\/.+/)
      await page.getByRole("navigation", { name: "Sections" }).getByRole("link").last().click()
      await page.locator("[aria-current=location]").waitFor()
      await page.getByRole("link", { name: "All documents" }).click()
      await page.getByRole("heading", { name: "Documents", level: 1 }).waitFor()
    })

    it("fits a phone", async () => {
      const page = await people.come(await newChannel(target.url), {
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        isMobile: true
      })
      await page.getByRole("button", { name: answerable }).click()
      await answers(page).getByRole("button", { name: "Citation 1" }).first().click()
      await page.getByRole("group", { name: /^Citation 1:/ }).waitFor()
      await noOverflow(page)
      for (const name of ["Ask", "Send", "Channels and views"]) {
        const size = (await page.getByRole("button", { name, exact: true }).boundingBox())!
        expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(40)
      }
      await page.getByRole("button", { name: "Channels and views" }).click()
      const rail = page.getByRole("navigation", { name: "Channels and views" })
      await rail.getByRole("link", { name: "Machine" }).click()
      await page.getByRole("heading", { name: "Machine", level: 1 }).waitFor()
      await page.getByRole("table", { name: "Actors" }).waitFor()
      await noOverflow(page)
      await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Chat" }).click()
      await box(page).waitFor()
    })

    it("is dark or light as the person prefers, and as they choose", async () => {
      const page = await people.come(await newChannel(target.url), { colorScheme: "dark" })
      await box(page).waitFor()
      const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor")
      const dark = await paper()
      await page.getByRole("button", { name: "Light or dark" }).click()
      await expect.poll(paper).toBe("rgb(255, 255, 255)")
      expect(dark).not.toBe("rgb(255, 255, 255)")
      await page.reload()
      await box(page).waitFor()
      expect(await paper()).toBe("rgb(255, 255, 255)")
    })

    it("names every control, and answers come as a log", async () => {
      const page = await people.come(await newChannel(target.url))
      await page.getByRole("button", { name: answerable }).click()
      await answers(page).getByRole("button", { name: "Citation 1" }).first().click()
      await answers(page).first().hover()
      const nameless = await page
        .getByRole("button")
        .evaluateAll(
          (buttons: ReadonlyArray<any>) =>
            buttons.filter((button) => !button.getAttribute("aria-label") && button.textContent.trim() === "").length
        )
      expect(nameless).toBe(0)
      expect(await log(page).getAttribute("aria-busy")).toBe("false")
      expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1)
    })
  })
}

/** Drops files, by their paths, on the view. */
export const drop = (page: Page, files: Readonly<Record<string, string>>): Promise<void> =>
  page.evaluate(`(() => {
    const file = (path, name, text) => ({ isFile: true, isDirectory: false, name,
      file: (done) => done(new File([name.endsWith(".pdf") ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text], name)) })
    const folders = new Map()
    for (const [path, text] of Object.entries(${JSON.stringify(files)})) {
      const [folder, name] = path.split("/")
      folders.set(folder, [...(folders.get(folder) ?? []), file(path, name, text)])
    }
    const items = [...folders].map(([name, entries]) => ({ webkitGetAsEntry: () => ({
      isFile: false, isDirectory: true, name,
      createReader: () => { let read = entries; return { readEntries: (done) => { done(read); read = [] } } }
    }) }))
    const event = new Event("drop", { bubbles: true, cancelable: true })
    Object.defineProperty(event, "dataTransfer", { value: { types: ["Files"], items } })
    document.querySelector("main").dispatchEvent(event)
  })()`)

const noOverflow = async (page: Page): Promise<void> => {
  const [content, window] = await page.evaluate<readonly [number, number]>(
    "[document.documentElement.scrollWidth, innerWidth]"
  )
  expect(content).toBeLessThanOrEqual(window)
}
