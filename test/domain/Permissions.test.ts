/** What everyone who reads a channel can read, against asking every possible member. */
import { assert, describe, it } from "@effect/vitest"
import * as Permissions from "../../src/domain/Permissions.ts"

const bits = {
  view: Permissions.permission.viewChannel,
  history: Permissions.permission.readHistory,
  connect: Permissions.permission.connect,
  admin: Permissions.permission.administrator
}

/** Small, fast, and the same numbers at each run. */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

interface Setup {
  readonly server: Permissions.Server
  readonly places: ReadonlyArray<Permissions.Place>
}

const people = ["ada", "bob"]
const serverId = "s"

const randomSetup = (random: () => number): Setup => {
  const some = (chance: number) => random() < chance
  const mask = (chance: number) =>
    (some(chance) ? bits.view : 0) | (some(chance) ? bits.history : 0) | (some(chance) ? bits.connect : 0)
  const roleIds = ["r1", "r2", "r3", "r4"].slice(0, Math.floor(random() * 5))
  const roles = [serverId, ...roleIds].map((id) => ({
    id,
    permissions: mask(0.6) | (id !== serverId && some(0.1) ? bits.admin : 0)
  }))
  const overwrite = (id: string, member: boolean) => {
    const allow = mask(0.4)
    return { id, member, allow, deny: mask(0.5) & ~allow }
  }
  const place = (id: string) => ({
    id,
    voice: some(0.2),
    overwrites: [
      ...[serverId, ...roleIds].filter(() => some(0.4)).map((id) => overwrite(id, false)),
      ...people.filter(() => some(0.2)).map((id) => overwrite(id, true))
    ]
  })
  return {
    server: { id: serverId, ownerId: "owner", roles: new Map(roles.map((role) => [role.id, role])) },
    places: ["a", "b", "c"].map(place)
  }
}

/** Discord's documented algorithm, written another way: one permission at a time. */
const may = ({ server }: Setup, place: Permissions.Place, id: string, roleIds: ReadonlyArray<string>, bit: number) => {
  const mine = [serverId, ...roleIds]
  if (mine.some((role) => (server.roles.get(role)!.permissions & bits.admin) > 0)) return true
  const of = (id: string, member: boolean) => place.overwrites.find((it) => it.id === id && it.member === member)
  const own = of(id, true)
  if (own !== undefined && (own.allow & bit) > 0) return true
  if (own !== undefined && (own.deny & bit) > 0) return false
  const byRole = roleIds.flatMap((role) => of(role, false) ?? [])
  if (byRole.some(({ allow }) => (allow & bit) > 0)) return true
  if (byRole.some(({ deny }) => (deny & bit) > 0)) return false
  const everyone = of(serverId, false)
  if (everyone !== undefined && (everyone.allow & bit) > 0) return true
  if (everyone !== undefined && (everyone.deny & bit) > 0) return false
  return mine.some((role) => (server.roles.get(role)!.permissions & bit) > 0)
}

const subsets = (ids: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  ids.length === 0 ? [[]] : subsets(ids.slice(1)).flatMap((rest) => [rest, [ids[0]!, ...rest]])

const reads = (setup: Setup, place: Permissions.Place, id: string, roleIds: ReadonlyArray<string>) =>
  [bits.view, bits.history, ...(place.voice ? [bits.connect] : [])].every((bit) => may(setup, place, id, roleIds, bit))

/** Asks everybody there may be. */
const bruteForce = (setup: Setup, destination: Permissions.Place): Set<string> => {
  const roleIds = [...setup.server.roles.keys()].filter((id) => id !== serverId)
  const everybody = subsets(roleIds).flatMap((roleIds) => ["somebody", ...people].map((id) => ({ id, roleIds })))
  const watchers = everybody.filter(({ id, roleIds }) => may(setup, destination, id, roleIds, bits.view))
  const readable = setup.places.filter((place) => watchers.every(({ id, roleIds }) => reads(setup, place, id, roleIds)))
  return new Set(readable.map(({ id }) => id))
}

describe("readableByAllOf", () => {
  it("is what asking every possible member gives, in 10,000 random servers", { timeout: 60_000 }, () => {
    const random = randomFrom(7)
    const sizes = [0, 0, 0, 0]
    for (let n = 0; n < 10_000; n++) {
      const setup = randomSetup(random)
      const destination = setup.places[0]!
      const readable = Permissions.readableByAllOf(setup.server, destination, setup.places, new Set())
      const truth = bruteForce(setup, destination)
      sizes[readable.size]!++
      const same = readable.size === truth.size && [...truth].every((id) => readable.has(id))
      if (!same)
        assert.deepStrictEqual([...readable], [...truth], JSON.stringify([setup.places, [...setup.server.roles]]))
    }
    for (const size of sizes) assert.isAbove(size, 100)
  })

  const role = (id: string, permissions: number) => [id, { id, permissions }] as const
  const open = { id: "open", voice: false, overwrites: [] }
  const hidden = (id: string, ...let_in: ReadonlyArray<string>) => ({
    id,
    voice: false,
    overwrites: [
      { id: serverId, member: false, allow: 0, deny: bits.view },
      ...let_in.map((id) => ({ id, member: people.includes(id), allow: bits.view, deny: 0 }))
    ]
  })
  const server = {
    id: serverId,
    ownerId: "owner",
    roles: new Map([role(serverId, bits.view | bits.history), role("staff", 0), role("bot", 0)])
  }

  it("never shows a private channel in a public one, and the public one in both", () => {
    const places = [open, hidden("staff-only", "staff")]
    assert.deepStrictEqual([...Permissions.readableByAllOf(server, places[0]!, places, new Set())], ["open"])
    assert.sameMembers([...Permissions.readableByAllOf(server, places[1]!, places, new Set())], ["open", "staff-only"])
  })

  it("lets somebody who is named in a ticket see the ticket and nothing else that is private", () => {
    const places = [open, hidden("ticket", "ada", "staff"), hidden("staff-only", "staff")]
    assert.sameMembers([...Permissions.readableByAllOf(server, places[1]!, places, new Set())], ["open", "ticket"])
  })

  it("does not count the bot among the readers", () => {
    const places = [hidden("with-bot", "staff", "bot"), hidden("staff-only", "staff")]
    assert.deepStrictEqual([...Permissions.readableByAllOf(server, places[0]!, places, new Set())], ["with-bot"])
    assert.lengthOf([...Permissions.readableByAllOf(server, places[0]!, places, new Set(["bot"]))], 2)
  })
})

describe("readableBy", () => {
  it("is everything for the owner and administrators", () => {
    const roles = new Map([
      [serverId, { id: serverId, permissions: 0 }],
      ["boss", { id: "boss", permissions: bits.admin }]
    ])
    const server = { id: serverId, ownerId: "owner", roles }
    const places = [{ id: "p", voice: false, overwrites: [] }]
    assert.lengthOf([...Permissions.readableBy(server, places, { id: "owner", roleIds: [] })], 1)
    assert.lengthOf([...Permissions.readableBy(server, places, { id: "ada", roleIds: ["boss"] })], 1)
    assert.lengthOf([...Permissions.readableBy(server, places, { id: "ada", roleIds: [] })], 0)
  })

  it("takes permissions of any size as Discord writes them", () => {
    const all = ((1n << 50n) - 1n).toString()
    assert.strictEqual(Permissions.permissionsIn(all) & bits.view, bits.view)
    assert.strictEqual(Permissions.permissionsIn((1n << 38n).toString()), 0)
  })
})
