/** Events through a real Kafka to a Discord in trouble, the process killed ten times: everything told, nothing paid twice. */
import { assert, describe, it } from "@effect/vitest"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { referenceOf } from "../../src/domain/Notification.ts"
import { contactCreated, machineCreated, requestCreated } from "../../src/events/Catalog.ts"
import { Discord } from "../discord/Discord.ts"
import * as Faults from "../discord/Faults.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { newFolder, removeFolder, type Rtfm, start, until } from "./Rtfm.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

const events = 3000
const kills = 10
const batch = 50
/** Every tenth event is to fail. */
const fails = (n: number) => n % 10 === 3
/** An answer that takes longer is lost, in milliseconds. */
const longestAnswer = 15_000
/** Notifications that a kill can find told and not written down: a message for each of four webhooks. */
const inFlight = 4 * 10

interface Sent {
  readonly n: number
  readonly type: string
  readonly key: string
  readonly data: object
}

const eventOf = (n: number): Sent => {
  const kind = [contactCreated, requestCreated, machineCreated][n % 3]!
  const { data } = kind.sample
  const own =
    kind === contactCreated
      ? { ...data, message: fails(n) ? "refuse" : "fine" }
      : kind === machineCreated
        ? { ...data, machineId: `vm-${n}`, location: `Hall ${n}`, model: fails(n) ? "refuse" : "fine" }
        : { ...data, amount: fails(n) ? 66.6 : 2.5 }
  return { n, type: kind.type, key: `event-${n}`, data: own }
}
const idOf = ({ key, type }: Sent): string =>
  `e-${createHash("sha256").update(`${type}\0${key}`).digest("hex").slice(0, 32)}`

/** The services of the business: every key has its effect once, and every order should have one key. */
const openServices = async () => {
  const done = new Map<string, { readonly path: string; readonly body: any }>()
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (chunk) => (text += String(chunk)))
    request.on("end", () => {
      const path = request.url!.slice(1)
      const key = `${path} ${String(request.headers["idempotency-key"])}`
      const body = JSON.parse(text)
      const refused = body.amount === 66.6 && path === "charges" ? true : [body.message, body.model].includes("refuse")
      if (!refused && !done.has(key)) done.set(key, { path, body })
      response.writeHead(refused ? 409 : 200, { "content-type": "application/json" })
      response.end(JSON.stringify(refused ? { detail: "refused as told" } : { reference: "done" }))
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    /** How often each order had this effect. */
    countsOf: (path: string) => {
      const counts = new Map<string, number>()
      for (const each of done.values()) {
        if (each.path === path) counts.set(each.body.order, (counts.get(each.body.order) ?? 0) + 1)
      }
      return counts
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** Asks until it is acknowledged, whatever process is there. */
const ask = async (current: () => Promise<Rtfm>, path: string, body: object, headers: Record<string, string> = {}) => {
  while (true) {
    const { url } = await current()
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body)
    }).catch(() => undefined)
    if (response?.ok === true) return (await response.json()) as any
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** By itself, with a key that makes its id. */
const post = async (current: () => Promise<Rtfm>, event: Sent) => {
  const { id } = await ask(current, `/api/events/${event.type}`, event.data, { "idempotency-key": event.key })
  assert.strictEqual(id, idOf(event))
}

/** Many at once, as a program of one's own would: sent again after a kill, they have the same ids. */
const write = async (current: () => Promise<Rtfm>, events: ReadonlyArray<Sent>) => {
  for (const { topic, type } of [contactCreated, requestCreated, machineCreated]) {
    const records = events
      .filter((event) => event.type === type)
      .map((event) => {
        const value = { id: idOf(event), type, at: Date.now(), data: event.data }
        return { key: topic.key(value as never), value: JSON.stringify(value) }
      })
    if (records.length > 0) await ask(current, `/api/topics/${topic.name}/records`, { records })
  }
}

describe("events in trouble", () => {
  it("are all told, each handled once, through ten kills, 429s and 503s", { timeout: 900_000 }, async (context) => {
    const folder = newFolder()
    const discord = await Discord.open({ limits: { on: false }, seed: 7 })
    const services = await openServices()
    const owner = discord.user("owner")
    const guild = discord.guild({ name: "SipEat", members: [owner], owner })
    const hook = (name: string) => {
      const channel = guild.channel(name)
      const webhook = discord.world.newWebhook(discord.world.channels.get(channel.id)!, name, owner.user)
      return `${discord.url}/webhooks/${webhook.id}/${webhook.token}`
    }
    discord.faults.often("executeWebhook", Faults.limited("user", 0.3), 0.05)
    discord.faults.often("executeWebhook", Faults.limited("cloudflare", 0.3), 0.05)
    discord.faults.often("executeWebhook", { kind: "status", status: 503 }, 0.025)
    discord.faults.often("executeWebhook", { kind: "status", status: 503, after: true }, 0.025)
    const env = {
      KAFKA_BOOTSTRAP_SERVERS: bootstrap(),
      KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.`,
      INGEST_OWN_DOCS: "false",
      DISCORD_WEBHOOK: hook("all"),
      DISCORD_WEBHOOK_CONTACT: hook("contacts"),
      DISCORD_WEBHOOK_REQUEST: hook("requests"),
      DISCORD_WEBHOOK_MACHINE: hook("machines"),
      WEBHOOK_MESSAGES_PER_MINUTE: "600",
      // To make a vector of each takes longer than to tell it.
      REMEMBER_EVENTS_FOR: "0 seconds",
      PAYMENT_URL: services.url,
      DISPENSER_URL: services.url,
      INVENTORY_URL: services.url,
      NETWORK_URL: services.url,
      CRM_URL: services.url
    }

    const killedAt: Array<number> = []
    let running = start({ folder, env })
    try {
      const all = Array.from({ length: events }, (_, n) => eventOf(n))
      let acknowledged = 0
      const batches = Array.from({ length: events / batch }, (_, i) => all.slice(i * batch, (i + 1) * batch))
      const sender = async () => {
        for (let some = batches.shift(); some !== undefined; some = batches.shift()) {
          const [first, ...others] = some
          await post(() => running, first!)
          await write(() => running, others)
          acknowledged += some.length
        }
      }
      const killer = async () => {
        for (let i = 1; i <= kills; i++) {
          await until(
            () => acknowledged,
            (count) => count >= (i * events) / (kills + 1),
            300
          )
          const process = await running
          await process.kill("SIGKILL")
          killedAt.push(discord.world.clock.now())
          running = start({ folder, env })
          await running
        }
      }
      await Promise.all([killer(), sender()])

      const toldIn = () => discord.callsOf("executeWebhook").filter(({ done }) => done)
      const referencesOf = (call: { readonly body: any }): ReadonlyArray<string> =>
        call.body.embeds.map(({ footer }: any) => footer.text.slice(-13))
      const told = () => new Set(toldIn().flatMap(referencesOf))
      const expected = all.map((event) => referenceOf(idOf(event)))
      await until(
        () => {
          // Once for all: Discord and the services answer from this process, too.
          const seen = told()
          return expected.filter((reference) => !seen.has(reference)).length
        },
        (left) => left === 0,
        300
      )

      // Processed or failed as they should be; on a machine that is too busy a service may not answer in time.
      const embeds = new Map(
        toldIn().flatMap(({ body }) =>
          (body["embeds"] as Array<any>).map((embed) => [embed.footer.text.slice(-13), embed] as const)
        )
      )
      const hasFailed = (event: Sent) => embeds.get(referenceOf(idOf(event))).title.endsWith(" event failed")
      const late = all.filter((event) => hasFailed(event) && !fails(event.n))
      for (const event of late) {
        const { value } = embeds.get(referenceOf(idOf(event))).fields.find(({ name }: any) => name === "Error")
        assert.match(value, /did not answer|could not be reached/)
      }
      assert.isAtMost(late.length, events / 100)
      assert.deepStrictEqual(
        all.filter((event) => fails(event.n) && !hasFailed(event)),
        []
      )

      // Nothing paid or dispensed twice; stock and money add up.
      const orders = all.filter(({ type }) => type === requestCreated.type)
      const good = orders.filter((order) => !hasFailed(order)).map(idOf)
      const bad = orders.filter(({ n }) => fails(n)).map(idOf)
      const [charged, dispensed, refunded, reserved, restocked, stopped] = [
        "charges",
        "dispenses",
        "refunds",
        "reservations",
        "restocks",
        "stops"
      ].map(services.countsOf)
      for (const id of good) {
        assert.deepStrictEqual([charged!.get(id), dispensed!.get(id), reserved!.get(id)], [1, 1, 1])
        assert.isFalse(refunded!.has(id) || restocked!.has(id))
      }
      for (const id of bad) {
        assert.deepStrictEqual([reserved!.get(id), restocked!.get(id)], [1, 1])
        assert.isFalse(charged!.has(id) || dispensed!.has(id) || refunded!.has(id))
      }
      for (const id of late.filter(({ type }) => type === requestCreated.type).map(idOf)) {
        assert.deepStrictEqual([restocked!.get(id), reserved!.get(id) ?? 1], [1, 1])
        if (charged!.has(id)) assert.deepStrictEqual([charged!.get(id), refunded!.get(id)], [1, 1])
        if (dispensed!.has(id)) assert.deepStrictEqual([dispensed!.get(id), stopped!.get(id)], [1, 1])
      }
      assert.isAtMost(charged!.size, good.length + late.length)

      // Duplicates only where an answer was lost, or the process was killed before it could write one down.
      const answered = toldIn().filter(({ status }) => status === 200)
      const times = new Map<string, Array<number>>()
      for (const call of answered)
        for (const reference of referencesOf(call)) times.set(reference, [...(times.get(reference) ?? []), call.at])
      const again = [...times].flatMap(([reference, all]) =>
        all.slice(1).map((at, i) => ({ reference, from: all[i]!, at }))
      )
      const byKills = again.filter(({ at, from }) => killedAt.some((killed) => killed >= from && killed <= at))
      const unexplained = again.filter((each) => !byKills.includes(each) && each.at - each.from < longestAnswer)
      assert.deepStrictEqual(unexplained, [], `killed at ${killedAt.join(", ")}`)
      assert.isAtMost(byKills.length, kills * inFlight)
      const copies = toldIn().flatMap(referencesOf).length
      const faults = Object.fromEntries(discord.faults.happened)
      await context.annotate(
        `${copies - told().size} of ${copies} told twice, ${late.length} failed since a service was late, ${toldIn().length} messages, ${JSON.stringify(faults)}`
      )
      assert.isAtLeast(killedAt.length, kills)
      assert.strictEqual(await (await running).kill("SIGTERM"), 0)
    } finally {
      await running.then((process) => process.kill("SIGKILL")).catch(() => undefined)
      services.close()
      await discord.stop()
      removeFolder(folder)
    }
  })
})
