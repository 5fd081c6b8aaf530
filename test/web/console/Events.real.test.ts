/** Events on the page, with the whole process and no account: published in a form, followed, and told. */
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { call, newFolder, removeFolder, type Rtfm, start } from "../../process/Rtfm.ts"
import { violations } from "./Axe.ts"
import { launch } from "./Browser.ts"
import { answers, isFocused, log, newChannel, People, say } from "./pageSuite.ts"

describe("events on the page", () => {
  const folder = newFolder()
  let process: Rtfm
  let browser: Browser
  let people: People

  beforeAll(async () => {
    process = await start({ folder, env: { INGEST_OWN_DOCS: "false" } })
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

  const field = (page: Page, label: string) => page.getByRole("textbox", { name: label, exact: true })
  const fill = async (page: Page, form: string, changed: Record<string, string> = {}): Promise<void> => {
    await page.getByRole("button", { name: form }).click()
    await page.getByRole("button", { name: "Fill in an example" }).click()
    for (const [label, text] of Object.entries(changed)) await field(page, label).fill(text)
  }
  const event = (page: Page, name: string) => page.getByRole("article", { name })

  it("takes an order of a drink, shows each step of it, and how it is told", async () => {
    const page = await people.come(`${process.url}/#/events`)
    await fill(page, "Order a drink", { "Customer name": "Grace <b>Hopper</b>" })
    await page.getByRole("button", { name: "Order", exact: true }).click()
    const ordered = event(page, "Request: Cold Brew for Grace <b>Hopper</b>")
    await ordered.getByText("processed", { exact: true }).waitFor()
    const steps = await ordered.getByRole("list", { name: "What was done" }).getByRole("listitem").allInnerTexts()
    const named = ["Published", "Taken by its handler", "Inventory", "Payment", "Dispensing", "Customer", "Notified"]
    expect(steps.map((step) => step.split("\n")[0])).toEqual(named)
    const embed = ordered.getByRole("region", { name: "Notification: 🥤 Request event processed" })
    expect(await embed.getByText("charged 2.50, simulated").count()).toBe(1)
    expect(await embed.innerText()).toContain("✅ Successfully processed")

    await ordered.getByRole("button", { name: "See its way" }).click()
    const way = page.getByRole("complementary", { name: "The way of a record" })
    for (const actor of ["Request-worker", "Announcer"]) await way.getByText(actor, { exact: true }).waitFor()

    await page.goto(`${process.url}/#/channels/local%3Aevents`)
    const told = log(page).getByRole("region", { name: "Notification: 🥤 Request event processed" })
    await told.getByText("Grace <b>Hopper</b>", { exact: true }).waitFor()
    expect(await told.getByText("✅ Successfully processed").count()).toBe(1)
  })

  it("names the step that refused, and what was taken back", async () => {
    const page = await people.come(`${process.url}/#/events`)
    await fill(page, "Order a drink", { Amount: "500", Drink: "Gold" })
    await page.getByRole("button", { name: "Order", exact: true }).click()
    const ordered = event(page, "Request: Gold for Grace Hopper")
    await ordered.getByText("failed", { exact: true }).waitFor()
    const steps = ordered.getByRole("list", { name: "What was done" })
    await steps.getByRole("listitem").filter({ hasText: "Restock" }).waitFor()
    expect(await steps.getByRole("listitem").filter({ hasText: "refused" }).innerText()).toContain("Payment")
    expect(await steps.getByText("Dispensing").count()).toBe(0)
    const embed = ordered.getByRole("region", { name: "Notification: 🥤 Request event failed" })
    expect(await embed.innerText()).toContain("Payment processing failed: The simulated payment declines")
  })

  it("answers whether a machine works from what was told of it a moment ago, with the event as its source", async () => {
    const page = await people.come(`${process.url}/#/events`)
    await fill(page, "Order a drink", { "Machine location": "Office lobby", Drink: "Green Tea" })
    await page.getByRole("button", { name: "Order", exact: true }).click()
    await event(page, "Request: Green Tea for Grace Hopper").getByText("processed", { exact: true }).waitFor()
    await page.goto(await newChannel(process.url))
    await expect
      .poll(
        async () => {
          const before = await answers(page).count()
          await say(page, "@rtfm is the office lobby machine working?")
          await expect.poll(() => answers(page).count(), { timeout: 20_000 }).toBe(before + 1)
          return answers(page).last().innerText()
        },
        { timeout: 60_000 }
      )
      .toContain("at Office lobby is working: it dispensed a Green Tea")
    await answers(page).last().getByRole("button", { name: "Citation 1" }).click()
    await answers(page).last().getByRole("link").last().click()
    await page.waitForURL(/#\/events\//)
    await event(page, "Request: Green Tea for Grace Hopper").getByRole("list", { name: "What was done" }).waitFor()
  })

  it("shows what others publish as it happens, each in its form", async () => {
    const [page, other] = [await people.come(`${process.url}/#/events`), await people.come(`${process.url}/#/events`)]
    await page.getByRole("heading", { name: "The last events" }).waitFor()
    await fill(other, "Add a machine", { Name: "Roof 7", "Machine id": "vm-77", Location: "Roof" })
    await other.getByRole("button", { name: "Add", exact: true }).click()
    await event(page, "Machine: Roof 7 at Roof").getByText("processed", { exact: true }).waitFor()
    await fill(other, "Contact us", { Name: "Alan Turing" })
    await other.getByRole("button", { name: "Send", exact: true }).click()
    await event(page, "Contact: Alan Turing wants to be contacted").getByText("processed", { exact: true }).waitFor()
  })

  it("says beside each field what is wrong, and goes there", async () => {
    const page = await people.come(`${process.url}/#/events`)
    await fill(page, "Contact us", { Email: "nobody", Name: "" })
    await page.getByRole("button", { name: "Send", exact: true }).click()
    await page.getByText("2 fields are not right yet.").waitFor()
    await page.getByText("Expected an e-mail address such as ada@example.org").waitFor()
    const name = field(page, "Name")
    expect(await name.getAttribute("aria-invalid")).toBe("true")
    await expect.poll(() => isFocused(name)).toBe(true)
    await name.fill("Ada")
    await field(page, "Email").fill("ada@example.org")
    await field(page, "Email").press("Enter")
    await page.getByText("Published: its way is beside this.").waitFor()
  })

  it("keeps what was typed while the bot cannot be reached, and publishes it once", async () => {
    const page = await people.come(`${process.url}/#/events`)
    await fill(page, "Order a drink", { Drink: "Twice" })
    let calls = 0
    await page.route("**/api/events/request.created", async (route) => {
      calls++
      if (calls > 1) return route.continue()
      await route.fetch()
      return route.abort()
    })
    await page.getByRole("button", { name: "Order", exact: true }).click()
    await page.getByText("Not published: the bot cannot be reached.").waitFor()
    expect(await field(page, "Drink").inputValue()).toBe("Twice")
    await page.getByRole("button", { name: "Order", exact: true }).click()
    await page.getByText("Published: its way is beside this.").waitFor()
    await event(page, "Request: Twice for Grace Hopper").getByText("processed", { exact: true }).waitFor()
    const recent = (await call(process.url, "/api/recent-events")) as { body: ReadonlyArray<{ heading: string }> }
    expect(recent.body.filter(({ heading }) => heading.startsWith("Twice")).length).toBe(1)
  })

  it("has nothing serious for axe to find, light and dark, wide and on a phone", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of [
        { width: 1280, height: 800 },
        { width: 390, height: 844 }
      ]) {
        const page = await people.come(`${process.url}/#/events`, { colorScheme, viewport, reducedMotion: "reduce" })
        await page
          .getByRole("region", { name: /^Notification/ })
          .first()
          .waitFor()
        await page.getByRole("button", { name: "Order", exact: true }).click()
        await page.getByText("6 fields are not right yet.").waitFor()
        expect(await violations(page)).toEqual([])
        const width = await page.evaluate<number>("document.documentElement.scrollWidth")
        expect(width).toBeLessThanOrEqual(viewport.width)
      }
    }
  })
})
