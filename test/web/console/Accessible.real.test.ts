/** Every view, light and dark, as axe judges it. */
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { violations } from "./Axe.ts"
import { launch } from "./Browser.ts"
import { documents, FakeApi } from "./fakeApi.ts"
import { answers, box, newChannel, People, said, say } from "./pageSuite.ts"

describe.each(["light", "dark"] as const)("axe finds nothing serious, %s", (colorScheme) => {
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
  afterEach(() => people.leave())

  const come = (url: string): Promise<Page> => people.come(url, { colorScheme, reducedMotion: "reduce" })

  it("in an empty channel", async () => {
    const page = await come(await newChannel(fake.url))
    await page.getByRole("heading", { name: "Ask the manual" }).waitFor()
    expect(await violations(page)).toEqual([])
  })

  it("among answers of every form, with a citation, a reason, a choice of reactions and a way open", async () => {
    const page = await come(await newChannel(fake.url))
    for (const question of ["with a model: how?", "during an outage, how?", "which files?", "the weather?"])
      await say(page, `@rtfm ${question}`)
    await expect.poll(() => answers(page).count()).toBe(4)
    await box(page).fill("some code\n```js\nconst a = 1 // one\n```")
    await box(page).press("Enter")
    await said(page, "some code").waitFor()
    await answers(page).first().getByRole("button", { name: "Citation 1" }).click()
    await answers(page).first().getByRole("button", { name: "Not helpful" }).click()
    await page.getByLabel("What is wrong with it?").waitFor()
    await said(page, "some code").hover()
    await said(page, "some code").getByRole("button", { name: "React" }).click()
    await answers(page)
      .nth(1)
      .getByRole("button", { name: /see its way/ })
      .click()
    await page.getByRole("complementary").waitFor()
    await box(page).fill("/")
    await page.getByRole("listbox").waitFor()
    expect(await violations(page)).toEqual([])
  })

  it("on the machine, with a dead letter, a complaint and the settings open", async () => {
    fake.complaints = [{ at: Date.now(), level: "error", actor: "speaker", text: "no route", times: 2 }]
    const page = await come(`${fake.url}/#/machine`)
    await page.getByText("Settings in force").click()
    await page.getByText("no route").waitFor()
    expect(await violations(page)).toEqual([])
  })

  it("among documents, in a document, and in the list of keys", async () => {
    const page = await come(`${fake.url}/#/documents`)
    await page.getByRole("main").getByRole("link").first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.goto(`${fake.url}/#/documents/${encodeURIComponent(documents[0]!.id)}/a-folder`)
    await page.getByRole("heading", { name: "A folder" }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keys" }).waitFor()
    expect(await violations(page)).toEqual([])
  })
})
