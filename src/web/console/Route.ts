/** Which view the page shows, kept in the address after the `#`. */
import { signal } from "@preact/signals"

export type Route =
  | { readonly view: "chat"; readonly channelId: string | undefined; readonly messageId: string | undefined }
  | { readonly view: "documents"; readonly documentId: string | undefined; readonly section: string | undefined }
  | { readonly view: "events"; readonly eventId: string | undefined }
  | { readonly view: "machine" }

export const parseRoute = (hash: string): Route => {
  const [view, first, second] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decoded)
  if (view === "machine") return { view }
  if (view === "events") return { view, eventId: first }
  if (view === "documents") return { view, documentId: first, section: second }
  return { view: "chat", channelId: first, messageId: second }
}

/** A wrong escape in an address is read as it is written. */
const decoded = (part: string): string | undefined => {
  if (part === "") return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const address = (...parts: ReadonlyArray<string>) => `#/${parts.map(encodeURIComponent).join("/")}`

export const chatAddress = (channelId: string, messageId?: string): string =>
  messageId === undefined ? address("channels", channelId) : address("channels", channelId, messageId)

export const documentsAddress = (documentId?: string, section?: string): string =>
  address("documents", ...[documentId, section].filter((part) => part !== undefined))

export const eventsAddress = (eventId?: string): string =>
  eventId === undefined ? address("events") : address("events", eventId)

export const machineAddress = address("machine")

/** The part after the `#` of a link into this page, or `undefined` when the link leads elsewhere. */
export const addressInPage = (url: string): string | undefined => /^\/?(#\/.*)$/s.exec(url)?.[1]

export const route = signal<Route>(parseRoute(location.hash))

addEventListener("hashchange", () => (route.value = parseRoute(location.hash)))

export const go = (to: string): void => {
  location.hash = to
}
