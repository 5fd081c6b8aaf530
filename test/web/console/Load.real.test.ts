/**
 * The page under load: 200 updates a second over 10,000 messages, for 10 seconds, or for as many as
 * `RTFM_LOAD_SECONDS` says. With 60 or more, frames are measured by the clock, on a machine that does nothing else.
 */
import type { Browser, CDPSession, Page } from "playwright-core"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { launch } from "./Browser.ts"
import { FakeApi } from "./fakeApi.ts"
import { log, newChannel, People, said } from "./pageSuite.ts"

const seconds = Number(process.env["RTFM_LOAD_SECONDS"] ?? 10)
const perSecond = 200
const before = 10_000
const mebibyte = 1024 * 1024

/** Milliseconds of every frame since then. */
const watchFrames = (page: Page): Promise<void> =>
  page.evaluate(`(() => {
    globalThis.frames_ = []
    let last = performance.now()
    const frame = () => { const now = performance.now(); frames_.push(now - last); last = now; requestAnimationFrame(frame) }
    requestAnimationFrame(frame)
  })()`)

const heap = async (session: CDPSession): Promise<number> => {
  await session.send("HeapProfiler.collectGarbage")
  const { usedSize } = await session.send("Runtime.getHeapUsage")
  return usedSize
}

/** Seconds the page's thread has worked; what others do on the machine does not count. */
const worked = async (session: CDPSession): Promise<number> => {
  const { metrics } = await session.send("Performance.getMetrics")
  return metrics.find(({ name }) => name === "TaskDuration")!.value
}

describe("the page under load", () => {
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

  const author = { id: "flood", name: "Flood", bot: false }

  /** New messages, edits and reactions, evenly over the time. */
  const flood = async (channelId: string, from: number, to: number): Promise<void> => {
    const began = performance.now()
    for (let second = from; second < to; second++)
      for (let tenth = 0; tenth < 10; tenth++) {
        for (let n = 0; n < perSecond / 10; n++) {
          const message = fake.say({
            channelId,
            author,
            text: `update ${second}.${tenth}.${n}, **with** some \`form\``
          })
          if (n % 4 === 1)
            fake.tell({ type: "message.edited", message: { ...message, text: "edited", editedAt: Date.now() } })
          if (n % 4 === 2)
            fake.tell({
              type: "message.reacted",
              channelId,
              messageId: message.id,
              reactions: [{ emoji: "🎉", by: [{ id: "x", name: "X" }] }]
            })
        }
        await pause(Math.max(0, began + (second - from) * 1_000 + (tenth + 1) * 100 - performance.now()))
      }
  }

  it(
    `takes ${perSecond} updates a second for ${seconds} s with its memory flat`,
    { timeout: 120_000 + seconds * 4_000 },
    async () => {
      const channel = await newChannel(fake.url)
      const channelId = decodeURIComponent(channel.split("/").at(-1)!)
      fake.silently(() => {
        for (let n = 0; n < before; n++) fake.say({ channelId, author, text: `old ${n}` })
      })
      const page = await people.come(channel)
      await said(page, `old ${before - 1}`).waitFor()
      const session = await page.context().newCDPSession(page)
      await session.send("Performance.enable", { timeDomain: "threadTicks" })

      await flood(channelId, 0, 2)
      const [heapBefore, workedBefore] = [await heap(session), await worked(session)]
      await watchFrames(page)
      await flood(channelId, 2, seconds)
      const load = ((await worked(session)) - workedBefore) / (seconds - 2)
      await said(page, `update ${seconds - 1}.9.19`).waitFor()

      expect(await log(page).getByRole("article").count()).toBeLessThan(250)
      expect((await heap(session)) - heapBefore).toBeLessThan(12 * mebibyte)
      expect(load).toBeLessThan(0.8)
      const frames = await page.evaluate<ReadonlyArray<number>>("frames_.toSorted((a, b) => b - a)")
      if (seconds >= 60) expect(frames[0]).toBeLessThan(100)
    }
  )

  it("scrolls through 10,000 messages with few of them on the page, and stays where the reader is", async () => {
    const channel = await newChannel(fake.url)
    const channelId = decodeURIComponent(channel.split("/").at(-1)!)
    fake.silently(() => {
      for (let n = 0; n < before; n++) fake.say({ channelId, author, text: `old ${n}` })
    })
    const page = await people.come(channel)
    await said(page, `old ${before - 1}`).waitFor()
    // Up to the first, page by page, as a reader who holds the key down.
    await page.evaluate(`new Promise((done) => {
      const scroller = document.querySelector(".scroll")
      const up = () => {
        if (document.querySelector(".start")?.textContent.startsWith("This is where")) return done()
        scroller.scrollTop = Math.min(scroller.scrollTop, 400)
        setTimeout(up, 20)
      }
      up()
    })`)
    const rows = () => log(page).getByRole("article").count()
    expect(await rows()).toBeLessThan(250)
    await page.evaluate("document.querySelector('.scroll').scrollTop = 0")
    await said(page, "old 0").first().waitFor()
    await page.evaluate("document.querySelector('.scroll').scrollTop = 200_000")
    await expect
      .poll(() =>
        page.evaluate(`(() => {
      const scroller = document.querySelector(".scroll").getBoundingClientRect()
      const seen = [...document.querySelectorAll("[data-message]")].filter((row) => {
        const { bottom, top } = row.getBoundingClientRect()
        return bottom > scroller.top && top < scroller.bottom
      })
      return seen.length
    })()`)
      )
      .toBeGreaterThan(8)
    expect(await rows()).toBeLessThan(250)
    await page.getByRole("button", { name: "To the newest message" }).click()
    await said(page, `old ${before - 1}`).waitFor()
    await people.leave()
  })
})
