/** What handlers do when services refuse, do not answer, or the process dies between any two steps. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Fiber, Layer, Logger } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { contactCreated, machineCreated, requestCreated } from "../../src/events/Catalog.ts"
import type { Outcome } from "../../src/events/EventKind.ts"
import { Crm } from "../../src/events/services/Crm.ts"
import { Dispenser } from "../../src/events/services/Dispenser.ts"
import { Inventory } from "../../src/events/services/Inventory.ts"
import { Mailer } from "../../src/events/services/Mailer.ts"
import { Network } from "../../src/events/services/Network.ts"
import { Payment } from "../../src/events/services/Payment.ts"
import { ServiceError } from "../../src/events/services/Service.ts"
import * as Services from "../../src/events/services/Services.ts"
import { Steps } from "../../src/events/Steps.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

/** What each call does, by the name of service and method; a call that is not named succeeds. */
type Script = Record<string, "refuse" | "unreachable" | "die" | "once unreachable" | undefined>

/** Services that count what they really did: once for a key, however often they are called. */
const recorder = (script: Script) => {
  const calls: Array<string> = []
  const effects = new Map<string, number>()
  const answer = (name: string) => (input: { readonly key: string }) =>
    Effect.suspend(() => {
      const what = script[name]
      calls.push(name)
      const fail = (reason: "refused" | "unreachable") =>
        Effect.fail(new ServiceError({ reason, service: name, detail: `${name} ${reason}` }))
      if (what === "refuse") return fail("refused")
      const seen = effects.has(`${name} ${input.key}`)
      effects.set(`${name} ${input.key}`, 1)
      if (what === "unreachable") return fail("unreachable")
      if (what === "once unreachable" && !seen) return fail("unreachable")
      if (what === "die" && !seen) return Effect.interrupt
      return Effect.succeed(`${name} done`)
    })
  const layer = Layer.mergeAll(
    Layer.succeed(Payment, Payment.of({ simulated: false, charge: answer("charge"), refund: answer("refund") })),
    Layer.succeed(Dispenser, Dispenser.of({ simulated: false, dispense: answer("dispense"), stop: answer("stop") })),
    Layer.succeed(
      Inventory,
      Inventory.of({
        simulated: false,
        reserve: answer("reserve"),
        restock: answer("restock"),
        setUp: answer("setUp"),
        clear: answer("clear")
      })
    ),
    Layer.succeed(
      Network,
      Network.of({ simulated: false, configure: answer("configure"), release: answer("release") })
    ),
    Layer.succeed(Crm, Crm.of({ simulated: false, record: answer("record") })),
    Layer.succeed(Mailer, Mailer.of({ simulated: false, send: answer("send") }))
  )
  return { calls, effects: () => [...effects.keys()].map((key) => key.split(" ")[0]!), layer }
}

const State = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))
const World = Steps.layer.pipe(
  Layer.provideMerge(Layer.merge(State, Happenings.layer)),
  Layer.provideMerge(Logger.layer([]))
)
const told = ({ done, error }: Outcome) => [error, ...done.map(({ name }) => name)]

describe("the chain of an order", () => {
  const handle = requestCreated.handle(requestCreated.sample)
  const failures = [
    ["reserve", "refuse", "Inventory check failed: reserve refused", [], []],
    ["charge", "refuse", "Payment processing failed: charge refused", ["Restock"], ["reserve", "restock"]],
    ["dispense", "refuse", "Dispensing failed: dispense refused", ["Refund", "Restock"], ["charge", "refund"]],
    ["charge", "unreachable", "Payment processing failed: charge unreachable", ["Refund", "Restock"], ["refund"]],
    [
      "dispense",
      "unreachable",
      "Dispensing failed: dispense unreachable",
      ["Stop", "Refund", "Restock"],
      ["stop", "refund"]
    ],
    ["send", "refuse", "Customer notification failed: send refused", ["Customer told"], ["charge", "dispense"]]
  ] as const

  for (const [call, how, error, names, effects] of failures) {
    it.effect(`takes back what was done when ${call} is ${how === "refuse" ? "refused" : "not answered"}`, () =>
      Effect.gen(function* () {
        const services = recorder({ [call]: how })
        const outcome = yield* Effect.provide(handle, services.layer)
        assert.strictEqual(outcome.error, error)
        assert.includeMembers(
          outcome.done.map(({ name }) => name),
          [...names]
        )
        assert.includeMembers(services.effects(), [...effects])
        if (call === "send") assert.notInclude(services.effects(), "refund")
        if (call === "charge" && how === "refuse") assert.notInclude(services.effects(), "refund")
      }).pipe(Effect.provide(World))
    )
  }

  for (const call of ["reserve", "charge", "dispense", "send"]) {
    it.effect(`goes on after a crash in ${call}, and does nothing twice`, () =>
      Effect.gen(function* () {
        const services = recorder({ [call]: "die" })
        const first = yield* Effect.exit(Effect.provide(handle, services.layer))
        assert.isTrue(Exit.isFailure(first))
        const outcome = yield* Effect.provide(handle, services.layer)
        assert.deepStrictEqual(told(outcome), [undefined, "Inventory", "Payment", "Dispensing", "Customer told"])
        assert.deepStrictEqual(services.effects().toSorted(), ["charge", "dispense", "reserve", "send"])
        assert.strictEqual(services.calls.length, 5)
      }).pipe(Effect.provide(World))
    )
  }

  it.effect("takes the same way back after a crash on the way back", () =>
    Effect.gen(function* () {
      const services = recorder({ dispense: "refuse", refund: "die" })
      yield* Effect.exit(Effect.provide(handle, services.layer))
      const outcome = yield* Effect.provide(handle, recorder({}).layer)
      assert.strictEqual(outcome.error, "Dispensing failed: dispense refused")
      assert.deepStrictEqual(told(outcome).slice(1), ["Inventory", "Payment", "Refund", "Restock"])
    }).pipe(Effect.provide(World))
  )

  it.effect("says what is left to people when it cannot be taken back", () =>
    Effect.gen(function* () {
      const outcome = yield* Effect.provide(handle, recorder({ dispense: "refuse", refund: "unreachable" }).layer)
      assert.include(outcome.done.find(({ name }) => name === "Refund")!.value, "failed, and is left to people")
      assert.strictEqual(outcome.done.find(({ name }) => name === "Restock")!.value, "restock done")
    }).pipe(Effect.provide(World))
  )
})

describe("the strategies of a contact", () => {
  const handle = contactCreated.handle(contactCreated.sample)

  it.effect("run whatever becomes of the others; the one that failed is named", () =>
    Effect.gen(function* () {
      const services = recorder({ send: "refuse" })
      const outcome = yield* Effect.provide(handle, services.layer)
      assert.strictEqual(outcome.error, "Customer care: send refused")
      assert.strictEqual(outcome.done.find(({ name }) => name === "CRM")!.value, "record done")
      assert.strictEqual(outcome.notes!.length, 1)
    }).pipe(Effect.provide(World))
  )

  it.effect("that may pass are tried again by themselves", () =>
    Effect.gen(function* () {
      const services = recorder({ record: "once unreachable" })
      const fiber = yield* Effect.forkChild(Effect.provide(handle, services.layer))
      yield* TestClock.adjust("10 seconds")
      assert.isUndefined((yield* Fiber.join(fiber)).error)
      assert.deepStrictEqual(services.calls.toSorted(), ["record", "record", "send"])
    }).pipe(Effect.provide(World))
  )

  it.effect("that were done before a crash are not done again", () =>
    Effect.gen(function* () {
      const services = recorder({ record: "die" })
      yield* Effect.exit(Effect.provide(handle, services.layer))
      const outcome = yield* Effect.provide(handle, services.layer)
      assert.isUndefined(outcome.error)
      assert.deepStrictEqual(services.effects().toSorted(), ["record", "send"])
    }).pipe(Effect.provide(World))
  )

  it.effect("tell the sales team of companies only", () =>
    Effect.gen(function* () {
      const { companyName: _, ...data } = contactCreated.sample.data
      const outcome = yield* Effect.provide(
        contactCreated.handle({ ...contactCreated.sample, data }),
        recorder({}).layer
      )
      assert.deepStrictEqual(outcome.notes, [])
    }).pipe(Effect.provide(World))
  )
})

describe("the commands of a machine", () => {
  const { sample } = machineCreated
  const handle = machineCreated.handle(sample)

  it.effect("are undone in reverse, and the history says so", () =>
    Effect.gen(function* () {
      const steps = yield* Steps
      const outcome = yield* Effect.provide(handle, recorder({ configure: "refuse" }).layer)
      assert.strictEqual(outcome.error, "Network configuration failed: configure refused")
      assert.deepStrictEqual(
        (yield* steps.history(sample.id)).map(({ outcome, step }) => `${step} ${outcome}`),
        ["Location done", "Inventory done", "Network refused", "undo Inventory done", "undo Location done"]
      )
      assert.isUndefined(outcome.notes)
    }).pipe(Effect.provide(World))
  )

  it.effect("are undone too when nobody knows whether they were done", () =>
    Effect.gen(function* () {
      const services = recorder({ configure: "unreachable" })
      yield* Effect.provide(handle, services.layer)
      assert.include(services.calls, "release")
    }).pipe(Effect.provide(World))
  )

  it.effect("refuse a place that another machine has, until that is gone", () =>
    Effect.gen(function* () {
      const { layer } = recorder({})
      const other = { ...sample, id: "machine-13", data: { ...sample.data, machineId: "vm-13" } }
      yield* Effect.provide(handle, layer)
      const outcome = yield* Effect.provide(machineCreated.handle(other), layer)
      assert.strictEqual(outcome.error, "Location validation failed: vm-12 already stands there")
    }).pipe(Effect.provide(World))
  )

  it.effect("go on after a crash", () =>
    Effect.gen(function* () {
      const services = recorder({ configure: "die" })
      yield* Effect.exit(Effect.provide(handle, services.layer))
      const outcome = yield* Effect.provide(handle, services.layer)
      assert.isUndefined(outcome.error)
      assert.deepStrictEqual(services.calls, ["setUp", "configure", "configure"])
      assert.strictEqual(outcome.notes!.length, 4)
    }).pipe(Effect.provide(World))
  )
})

describe("simulated services", () => {
  const Simulated = Services.layer.pipe(
    Layer.provide(Layer.mergeAll(FetchHttpClient.layer, ConfigProvider.layer(ConfigProvider.fromUnknown({})))),
    Layer.provideMerge(World)
  )

  it.effect("say that they are, in everything they say", () =>
    Effect.gen(function* () {
      for (const kind of [contactCreated, requestCreated]) {
        const outcome = yield* (kind as typeof requestCreated).handle(kind.sample as typeof requestCreated.sample)
        assert.isUndefined(outcome.error)
        for (const { name, value } of outcome.done) {
          if (name !== "Sales team") assert.match(value, /simulated$/, name)
        }
      }
      assert.isTrue((yield* Payment).simulated)
    }).pipe(Effect.provide(Simulated))
  )

  it.effect("count stock, and run out of it", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const order = (n: number) => ({ key: `o${n}`, machineId: "vm-1", drink: "Tea" })
      yield* inventory.setUp({ key: "m", machineId: "vm-1", drinks: ["Tea", "Water"], capacity: 5 })
      assert.strictEqual(yield* inventory.reserve(order(1)), "1 left, simulated")
      assert.strictEqual(yield* inventory.reserve(order(1)), "1 left, simulated")
      assert.strictEqual(yield* inventory.reserve(order(2)), "0 left, simulated")
      const error = yield* Effect.flip(inventory.reserve(order(3)))
      assert.strictEqual(error.detail, "There is no Tea left in vm-1")
      yield* inventory.restock(order(1))
      assert.strictEqual(yield* inventory.reserve(order(4)), "0 left, simulated")
      assert.strictEqual((yield* Effect.flip(inventory.reserve({ ...order(5), drink: "Beer" }))).reason, "refused")
    }).pipe(Effect.provide(Simulated))
  )
})
