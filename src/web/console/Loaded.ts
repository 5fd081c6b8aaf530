/** Something read from the server for a view: on its way, there, or not to be had. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { asProblem, type Problem } from "./api.ts"

export type Loaded<A> =
  | { readonly state: "loading" }
  | { readonly state: "ready"; readonly value: A }
  | { readonly state: "failed"; readonly problem: Problem }

/** Reads again whenever `when` changes; what is shown stays until the new is there. */
export const useLoaded = <A>(read: () => Promise<A>, when: ReadonlyArray<unknown>): Loaded<A> => {
  const loaded = useSignal<Loaded<A>>({ state: "loading" })
  useEffect(() => {
    let wanted = true
    const set = (next: Loaded<A>) => {
      if (wanted) loaded.value = next
    }
    read().then(
      (value) => set({ state: "ready", value }),
      (error: unknown) => set({ state: "failed", problem: asProblem(error) })
    )
    return () => {
      wanted = false
    }
  }, when)
  return loaded.value
}
