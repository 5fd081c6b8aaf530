/** The views, at hand below on a phone. */
import { Icon } from "./Icon.tsx"
import { chatAddress, documentsAddress, eventsAddress, machineAddress, route } from "./Route.ts"
import { channelId } from "./state.ts"
import { texts } from "./texts.ts"

export const Tabs = () => {
  const tabs = [
    { view: "chat", icon: "chat", address: chatAddress(channelId.value ?? "") },
    { view: "documents", icon: "document", address: documentsAddress() },
    { view: "events", icon: "bolt", address: eventsAddress() },
    { view: "machine", icon: "machine", address: machineAddress }
  ] as const
  return (
    <nav class="tabs" aria-label={texts.tabs.label}>
      {tabs.map(({ view, icon, address }) => (
        <a key={view} href={address} aria-current={route.value.view === view ? "page" : undefined}>
          <Icon name={icon} />
          {texts.tabs[view]}
        </a>
      ))}
    </nav>
  )
}
