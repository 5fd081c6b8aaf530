/** Server-sent events are read whole, wherever the stream is cut. */
import { describe, expect, it } from "vitest"
import { reader } from "../../../src/web/console/ServerSent.ts"

const stream = [
  "retry: 2000\n: open\n\n",
  'id: a-1\nevent: message\ndata: {"a":\ndata: 1}\n\n',
  ": beat\n\n",
  "event: reset\r\ndata: {}\r\n\r\n",
  "id: a-2\rdata:no space\r\r",
  "data: unfinished"
].join("")

const expected = [
  { id: "a-1", event: "message", data: '{"a":\n1}' },
  { id: undefined, event: "reset", data: "{}" },
  { id: "a-2", event: "message", data: "no space" }
]

describe("reader", () => {
  it("reads events in one piece", () => {
    expect(reader()(stream)).toEqual(expected)
  })

  it("reads the same events wherever the pieces are cut", () => {
    for (let size = 1; size < stream.length; size++) {
      const read = reader()
      const events = []
      for (let at = 0; at < stream.length; at += size) events.push(...read(stream.slice(at, at + size)))
      expect(events).toEqual(expected)
    }
  })
})
