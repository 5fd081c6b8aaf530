/** A rule that makes notifications of the records of any topic: a filter, a destination, and texts over JSON paths. */
import { DateTime, Option, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { type Embed, fitted } from "./Embed.ts"
import { Destination } from "./Notification.ts"
import * as Template from "./Template.ts"

const parsed = <A>(parse: (text: string) => Result.Result<A, string>) =>
  Schema.String.check(
    Schema.makeFilter((text) => Result.match(parse(text), { onSuccess: () => true, onFailure: (detail) => detail }))
  ).pipe(
    Schema.decodeTo(
      Schema.Any as Schema.Codec<A, A>,
      SchemaTransformation.transform({ decode: (text) => Result.getOrThrow(parse(text)), encode: () => "" })
    )
  )

const Path = parsed(Template.parsePath)
const Text = parsed(Template.parse)

const names = {
  green: 0x2ecc71,
  red: 0xe74c3c,
  yellow: 0xf1c40f,
  orange: 0xe67e22,
  blue: 0x3498db,
  purple: 0x9b59b6,
  grey: 0x95a5a6
}
const colorOf = (text: string): Result.Result<number, string> => {
  if (Object.hasOwn(names, text)) return Result.succeed(names[text as keyof typeof names])
  return /^#[0-9a-f]{6}$/i.test(text)
    ? Result.succeed(Number.parseInt(text.slice(1), 16))
    : Result.fail(`Expected ${Object.keys(names).join(", ")} or a color such as "#3498db"`)
}
const Color = parsed(colorOf)

const Value = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])
const Wanted = Schema.Union([Value, Schema.NonEmptyArray(Value)], { mode: "oneOf" }).annotate({
  message: "Expected a text, a number, true or false, or a list of those"
})

const timeOf = (text: string): Result.Result<number, string> => {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text)
  return found === null
    ? Result.fail('Expected a time such as "22:00", in quotes')
    : Result.succeed(Number(found[1]) * 60 + Number(found[2]))
}
const Time = parsed(timeOf)
const zoneOf = (text: string): Result.Result<DateTime.TimeZone, string> =>
  Option.match(DateTime.zoneFromString(text), {
    onNone: () => Result.fail("Expected a time zone such as Europe/Berlin or UTC"),
    onSome: Result.succeed
  })

export const Route = Schema.Struct({
  name: Schema.String.check(
    Schema.isPattern(/^[\w-]{1,60}$/, { message: "Expected 1 to 60 letters, digits, dashes or underscores" })
  ),
  topic: Schema.String.check(
    Schema.isPattern(/^(?!\.{1,2}$)[\w.-]{1,245}$/, { message: "Expected the name of a topic" })
  ),
  /** What all has to hold, by path. */
  when: Schema.optionalKey(Schema.Record(Schema.String, Wanted)),
  /** A list in the record; each element is told by itself, and paths begin there. */
  each: Schema.optionalKey(Path),
  to: Schema.optionalKey(Destination),
  title: Text,
  url: Schema.optionalKey(Text),
  text: Schema.optionalKey(Text),
  footer: Schema.optionalKey(Text),
  color: Schema.optionalKey(
    Schema.Union(
      [
        Color,
        Schema.Struct({ by: Path, values: Schema.Record(Schema.String, Color), otherwise: Schema.optionalKey(Color) })
      ],
      { mode: "anyOf" }
    )
  ),
  fields: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Text, value: Text, long: Schema.optionalKey(Schema.Boolean) })).check(
      Schema.isMaxLength(25, { message: "Expected at most 25 fields" })
    )
  ),
  /** Those with the same words are told as "37 more like this". */
  group: Schema.optionalKey(Text),
  /** What comes meanwhile is told at its end. */
  quiet: Schema.optionalKey(Schema.Struct({ from: Time, to: Time, zone: Schema.optionalKey(parsed(zoneOf)) }))
}).check(
  Schema.makeFilter(({ when = {} }) => {
    const wrong = Object.keys(when).flatMap((path) => {
      const result = Template.parsePath(path)
      return Result.isFailure(result) ? [{ path: ["when", path], issue: result.failure }] : []
    })
    return wrong.length === 0 ? true : wrong[0]!
  })
)
export type Route = typeof Route.Type

export const RoutesFile = Schema.Struct({
  routes: Schema.Array(Route).check(
    Schema.makeFilter((routes) => {
      const names = routes.map(({ name }) => name)
      const twice = names.findIndex((name, i) => names.indexOf(name) < i)
      return twice < 0 ? true : { path: [twice, "name"], issue: `There is another route with the name ${names[twice]}` }
    })
  )
})

export interface Mistake {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()
const decode = Schema.decodeUnknownResult(RoutesFile, { errors: "all", onExcessProperty: "error" })

/** Every mistake, with where it is. */
export const check = (value: unknown): Result.Result<ReadonlyArray<Route>, ReadonlyArray<Mistake>> =>
  decode(value).pipe(
    Result.map(({ routes }) => routes),
    Result.mapError(({ issue }) =>
      formatIssues(issue).issues.map(({ message, path = [] }) => ({
        path: path.map((segment) => (typeof segment === "object" ? segment.key : segment)),
        message
      }))
    )
  )

const same = (value: unknown, wanted: typeof Value.Type): boolean => value === wanted

const holds = (when: NonNullable<Route["when"]>, scope: Template.Scope): boolean =>
  Object.entries(when).every(([path, wanted]) => {
    const value = Template.lookUp(Result.getOrThrow(Template.parsePath(path)), scope)
    const values = Array.isArray(value) ? value : [value]
    const all = Array.isArray(wanted) ? wanted : [wanted as typeof Value.Type]
    return values.some((value) => all.some((wanted) => same(value, wanted)))
  })

const colorIn = (route: Route, scope: Template.Scope): number => {
  const { color } = route
  if (typeof color === "number") return color
  if (color === undefined) return names.blue
  const value = Template.shown(Template.lookUp(color.by, scope))
  return value !== undefined && Object.hasOwn(color.values, value)
    ? color.values[value]!
    : (color.otherwise ?? names.grey)
}

const textOf = <K extends string>(key: K, template: Template.Template | undefined, scope: Template.Scope) => {
  const text = template === undefined ? undefined : Template.toMarkdown(template, scope)
  return (text === undefined ? {} : { [key]: text }) as { readonly [_ in K]?: string }
}

const embedOf = (route: Route, scope: Template.Scope, at: number): Embed => {
  const url = route.url === undefined ? undefined : Template.toPlain(route.url, scope)
  return fitted({
    title: Template.toMarkdown(route.title, scope) ?? route.name,
    ...(url !== undefined && { url }),
    ...textOf("description", route.text, scope),
    ...textOf("footer", route.footer, scope),
    color: colorIn(route, scope),
    fields: (route.fields ?? []).flatMap(({ long, name, value }) => {
      const text = Template.toMarkdown(value, scope)
      const title = Template.toMarkdown(name, scope)
      if (text === undefined || title === undefined) return []
      return [{ name: title, value: text, ...(long !== true && { inline: true }) }]
    }),
    at
  })
}

/** What a route makes of a record. */
export interface Telling {
  readonly embed: Embed
  readonly group: string | undefined
}

/** Elements told of one record at most. */
const mostElements = 100

/** In order; nothing when the filter does not hold. */
export const tellings = (route: Route, record: unknown, at: number): ReadonlyArray<Telling> => {
  const whole = { root: record, value: record }
  const elements = route.each === undefined ? [record] : Template.lookUp(route.each, whole)
  if (!Array.isArray(elements)) return []
  return elements
    .slice(0, mostElements)
    .map((value) => ({ root: record, value }))
    .filter((scope) => route.when === undefined || holds(route.when, scope))
    .map((scope) => {
      const group = route.group === undefined ? undefined : Template.toPlain(route.group, scope)
      return { embed: embedOf(route, scope, at), group: group === undefined ? undefined : `${route.name}: ${group}` }
    })
}

const minutesOfDay = 24 * 60

/** When it may be told, in milliseconds since the epoch: now, or at the end of the quiet hours. */
export const notBefore = ({ quiet }: Route, now: number): number => {
  if (quiet === undefined) return now
  const zone = quiet.zone ?? DateTime.zoneMakeOffset(0)
  const { hour, minute } = DateTime.toParts(DateTime.makeZonedUnsafe(now, { timeZone: zone }))
  const minutes = hour * 60 + minute
  const length = (quiet.to - quiet.from + minutesOfDay) % minutesOfDay
  const since = (minutes - quiet.from + minutesOfDay) % minutesOfDay
  return since < length ? now - (now % 60_000) + (length - since) * 60_000 : now
}
