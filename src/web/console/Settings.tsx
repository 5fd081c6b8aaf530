/** The settings in force; secrets are never sent here. */
import type { Setting } from "./api.ts"
import * as api from "./api.ts"
import { useLoaded } from "./Loaded.ts"
import { connection } from "./state.ts"
import { texts } from "./texts.ts"

export const Settings = () => {
  const settings = useLoaded(api.settings, [connection.value.state])
  if (settings.state !== "ready") return null
  return (
    <section>
      <details class="settings">
        <summary>
          <h2>{texts.settings.title}</h2>
          <span class="quiet">{texts.settings.set(settings.value.filter(({ isSet }) => isSet).length)}</span>
        </summary>
        <dl>
          {settings.value.map((setting) => (
            <div key={setting.name}>
              <dt>
                <code>{setting.name}</code>
                <small>{setting.description}</small>
              </dt>
              <dd>
                <Value setting={setting} />
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  )
}

const Value = ({ setting: { isSet, secret, value } }: { readonly setting: Setting }) => {
  if (secret)
    return <span class={isSet ? "tag ok" : "zero"}>{isSet ? texts.settings.hidden : texts.settings.notSet}</span>
  if (value === null) return <span class="zero">{texts.settings.notSet}</span>
  return (
    <>
      <bdi>{value}</bdi> {!isSet && <span class="zero">{texts.settings.fallback}</span>}
    </>
  )
}
