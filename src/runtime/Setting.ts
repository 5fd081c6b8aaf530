/** One thing an operator can set: its name, what it means, and how its text is read. Declared beside its use. */
import { Config, Option } from "effect"

export interface Setting<A> {
  readonly name: string
  /** One line for `.env.example`, the README and `rtfm doctor`. */
  readonly description: string
  /** What is expected, as the end of "expected …". */
  readonly expected: string
  /** The value used when absent, as text; `undefined` when absence means something of its own. */
  readonly fallback: string | undefined
  /** Never shown. */
  readonly secret: boolean
  readonly config: Config.Config<A>
}

interface Options<A> {
  readonly description: string
  readonly expected: string
  readonly config: (name: string) => Config.Config<A>
  readonly secret?: boolean
}

/** A setting with a value when absent. */
export const withDefault = <A>(
  name: string,
  options: Options<A> & { readonly fallback: string; readonly value: A }
): Setting<A> => ({
  name,
  description: options.description,
  expected: options.expected,
  fallback: options.fallback,
  secret: options.secret ?? false,
  config: options.config(name).pipe(Config.withDefault(options.value))
})

/** A setting whose absence selects the embedded part, or nothing. */
export const optional = <A>(name: string, options: Options<A>): Setting<Option.Option<A>> => ({
  name,
  description: options.description,
  expected: options.expected,
  fallback: undefined,
  secret: options.secret ?? false,
  config: options.config(name).pipe(Config.option)
})
