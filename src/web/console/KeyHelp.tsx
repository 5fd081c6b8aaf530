/** The list of keys. */
import { Fragment } from "preact"
import { Dialog } from "./Dialog.tsx"
import { keys } from "./Keys.ts"
import { keysOpen } from "./state.ts"
import { texts } from "./texts.ts"

export const KeyHelp = () => {
  if (!keysOpen.value) return null
  return (
    <Dialog title={texts.keys.title} close={() => (keysOpen.value = false)}>
      <p class="quiet">{texts.keys.lead}</p>
      <dl class="keys">
        {keys.map(({ shown, does }) => (
          <Fragment key={does}>
            <dt>
              {shown.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  )
}
