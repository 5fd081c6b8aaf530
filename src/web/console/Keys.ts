/** The keys, for the handler and for the page that lists them. */
import { focusComposer, currentRow, isTyping, moveRow, rowAt } from "./Focus.ts"
import { me, otherTheme } from "./Kept.ts"
import { replyTo, wayOf } from "./MessageActions.tsx"
import { chatAddress, documentsAddress, eventsAddress, go, machineAddress, route } from "./Route.ts"
import { channelId, drawerOpen, followed, keysOpen, listed, reacting, removing, replyingTo, roomOf } from "./state.ts"
import { texts } from "./texts.ts"
import { follow } from "./WayPanel.tsx"

interface Key {
  readonly shown: ReadonlyArray<string>
  readonly does: string
  /** Absent: the place it works in handles it. */
  readonly on?: { readonly keys: ReadonlyArray<string>; readonly run: (key: string) => void }
}

export const keys: ReadonlyArray<Key> = [
  { shown: ["/"], does: texts.keys.compose, on: { keys: ["/"], run: () => inChat(focusComposer) } },
  { shown: ["Enter"], does: texts.keys.send },
  { shown: ["Ctrl Enter"], does: texts.keys.ask },
  { shown: ["Shift Enter"], does: texts.keys.line },
  { shown: ["↑"], does: texts.keys.editLast },
  { shown: ["Alt ↑", "Alt ↓"], does: texts.keys.channel },
  {
    shown: ["j", "k"],
    does: texts.keys.message,
    on: { keys: ["j", "k"], run: (key) => moveRow(key === "j" ? 1 : -1) }
  },
  {
    shown: ["1", "…", "9"],
    does: texts.keys.citation,
    on: { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], run: (key) => toggleCitation(key) }
  },
  { shown: ["r"], does: texts.keys.reply, on: { keys: ["r"], run: () => withCurrent(replyTo) } },
  {
    shown: ["+"],
    does: texts.keys.react,
    on: { keys: ["+"], run: () => withCurrent(({ id }) => (reacting.value = id)) }
  },
  { shown: ["t"], does: texts.keys.way, on: { keys: ["t"], run: () => toggleWay() } },
  { shown: ["Del"], does: texts.keys.remove, on: { keys: ["Delete"], run: () => removeCurrent() } },
  { shown: ["c"], does: texts.keys.chat, on: { keys: ["c"], run: () => inChat(() => undefined) } },
  { shown: ["b"], does: texts.keys.documents, on: { keys: ["b"], run: () => go(documentsAddress()) } },
  { shown: ["e"], does: texts.keys.events, on: { keys: ["e"], run: () => go(eventsAddress()) } },
  { shown: ["m"], does: texts.keys.machine, on: { keys: ["m"], run: () => go(machineAddress) } },
  { shown: ["d"], does: texts.keys.theme, on: { keys: ["d"], run: otherTheme } },
  { shown: ["?"], does: texts.keys.help, on: { keys: ["?"], run: () => (keysOpen.value = !keysOpen.peek()) } },
  { shown: ["Esc"], does: texts.keys.escape }
]

export const onKeyDown = (event: KeyboardEvent): void => {
  if (event.defaultPrevented || event.isComposing || isInDialog(event)) return
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault()
    return otherChannel(event.key === "ArrowDown" ? 1 : -1)
  }
  if (event.key === "Escape") return leave(event.target)
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
  const key = keys.find(({ on }) => on?.keys.includes(event.key))
  if (!key?.on) return
  event.preventDefault()
  key.on.run(event.key)
}

/** A dialog has the keyboard to itself, but for the key that closes the list of keys. */
const isInDialog = (event: KeyboardEvent): boolean =>
  document.querySelector("dialog[open]") !== null && !(keysOpen.peek() && event.key === "?")

const inChat = (then: () => void): void => {
  if (route.peek().view !== "chat") go(chatAddress(channelId.peek() ?? ""))
  requestAnimationFrame(then)
}

const otherChannel = (step: 1 | -1): void => {
  const all = listed.peek()
  const at = all.findIndex(({ id }) => id === channelId.peek())
  const next = all[(at + step + all.length) % all.length]
  if (next) go(chatAddress(next.id))
}

const withCurrent = (run: (message: ReturnType<typeof currentMessage> & object) => void): void => {
  const message = currentMessage()
  if (message) run(message)
}

const currentMessage = () => {
  const id = currentRow()?.dataset["message"]
  return roomOf(channelId.peek() ?? "")
    .messages.peek()
    .find((message) => message.id === id)
}

const toggleWay = (): void => {
  if (followed.peek() === undefined) withCurrent((message) => follow(wayOf(message)))
  else document.querySelector<HTMLElement>(".way-panel [data-close]")?.click()
}

/** Only when the keyboard is on it: the newest message is too easily meant by mistake. */
const removeCurrent = (): void => {
  if (!rowAt(document.activeElement)) return
  withCurrent((message) => {
    if (message.author.id === me.peek().id) removing.value = message.id
  })
}

/** Of the message the keyboard is on, or else of the newest answer. */
const toggleCitation = (key: string): void => {
  const selector = `[data-citation="${key}"]`
  const button =
    rowAt(document.activeElement)?.querySelector<HTMLElement>(selector) ??
    [...document.querySelectorAll<HTMLElement>(`.message.answer ${selector}`)].at(-1)
  button?.focus()
  button?.click()
}

/** Closes what is nearest to the keyboard. */
const leave = (target: EventTarget | null): void => {
  if (drawerOpen.peek()) {
    drawerOpen.value = false
    return
  }
  const element = target instanceof Element ? target : null
  const panel = element?.closest("[data-panel]") ?? openPanel(element)
  if (panel) return panel.querySelector<HTMLElement>("[data-close]")?.click()
  if (!isTyping(target)) return focusComposer()
  if (replyingTo.peek()) replyingTo.value = undefined
  else currentRow()?.focus({ preventScroll: true })
}

/** The panel of the button the keyboard is on, or the last that is open in its message. */
const openPanel = (element: Element | null): Element | undefined => {
  const own = element?.getAttribute("aria-controls")
  const panel = own ? document.getElementById(own) : null
  return panel ?? [...(rowAt(element)?.querySelectorAll("[data-panel]") ?? [])].at(-1)
}
