/** The page: the rail, the view the address names, and what may lie over them. */
import { useEffect, useRef } from "preact/hooks"
import { ChatView } from "./ChatView.tsx"
import { DocumentsView } from "./DocumentsView.tsx"
import { DocumentView } from "./DocumentView.tsx"
import { EventsView } from "./EventsView.tsx"
import { composerId } from "./Focus.ts"
import { KeyHelp } from "./KeyHelp.tsx"
import { onKeyDown } from "./Keys.ts"
import { MachineView } from "./MachineView.tsx"
import { Rail } from "./Rail.tsx"
import { route } from "./Route.ts"
import { drawerOpen, followed } from "./state.ts"
import { Tabs } from "./Tabs.tsx"
import { texts } from "./texts.ts"
import { TokenForm } from "./TokenForm.tsx"
import { viewTitleId } from "./TopBar.tsx"
import { WayPanel } from "./WayPanel.tsx"

export const App = () => {
  useEffect(() => {
    addEventListener("keydown", onKeyDown)
    return () => removeEventListener("keydown", onKeyDown)
  }, [])
  useFocusOnView()
  return (
    <div class={followed.value === undefined ? "app" : "app with-way"}>
      <button type="button" class="skip" onClick={() => document.getElementById(composerId)?.focus()}>
        {texts.skip}
      </button>
      <Rail />
      {drawerOpen.value && <div class="scrim" onClick={() => (drawerOpen.value = false)} />}
      <View />
      <WayPanel />
      <Tabs />
      <KeyHelp />
      <TokenForm />
    </div>
  )
}

const View = () => {
  const shown = route.value
  if (shown.view === "machine") return <MachineView />
  if (shown.view === "chat") return <ChatView />
  if (shown.view === "events") return <EventsView />
  if (shown.documentId === undefined) return <DocumentsView />
  return <DocumentView key={shown.documentId} id={shown.documentId} section={shown.section} />
}

/** Who moves to another view by keyboard or screen reader goes on from its title; a chat and a document know better. */
const useFocusOnView = (): void => {
  const shown = route.value
  const first = useRef(true)
  const place = shown.view === "documents" && shown.documentId !== undefined ? "document" : shown.view
  useEffect(() => {
    if (!first.current && (place === "machine" || place === "documents" || place === "events"))
      document.getElementById(viewTitleId)?.focus()
    first.current = false
  }, [place])
}
