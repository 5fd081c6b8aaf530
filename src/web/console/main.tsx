/** Starts the page. */
import { render } from "preact"
import { start } from "./actions.ts"
import { App } from "./App.tsx"

render(<App />, document.getElementById("app")!)
start()
