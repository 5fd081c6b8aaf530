/** What a route of the API is: its address, its limit, who may call it, and what it does. */
import type { File, Json } from "./Model.ts"
import type { World } from "./World.ts"

export interface Request {
  readonly world: World
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Json
  readonly files: ReadonlyArray<File>
  /** Whether the bot's token came with it. */
  readonly authorized: boolean
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
}

export interface Route {
  /** Discord's name of the operation, in short; faults and calls are told apart by it. */
  readonly name: string
  readonly method: string
  /** With `:name` for parts that differ. */
  readonly path: string
  /** Routes of one bucket share a limit; without one, a wide limit of their own. */
  readonly bucket?: string
  /** The parameters whose values have limits of their own. */
  readonly major?: ReadonlyArray<string>
  /** Called without the bot's token: what authorizes is in the address. */
  readonly open?: boolean
  /** Not limited at all, as the first answers to interactions. */
  readonly unlimited?: boolean
  readonly handle: (request: Request) => Answer
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (body: unknown): Answer => ({ status: 201, body })
export const nothing: Answer = { status: 204 }

/** The route of an address, with its parameters. */
export const matcher = (routes: ReadonlyArray<Route>) => {
  const compiled = routes.map((route) => ({ route, parts: route.path.split("/").slice(1) }))
  return (
    method: string,
    path: string
  ): { readonly route?: Route; readonly params: Record<string, string>; readonly known: boolean } => {
    const given = path.split("/").slice(1).map(decodeURIComponent)
    let known = false
    for (const { parts, route } of compiled) {
      if (parts.length !== given.length) continue
      if (!parts.every((part, i) => part.startsWith(":") || part === given[i])) continue
      known = true
      if (route.method !== method) continue
      const params = parts.flatMap((part, i) => (part.startsWith(":") ? [[part.slice(1), given[i]!]] : []))
      return { route, params: Object.fromEntries(params), known }
    }
    return { params: {}, known }
  }
}
