/** Which addresses of the network are everybody's, and name lookup that gives no others. */
import ipaddr from "ipaddr.js"
import { lookup } from "node:dns"
import type { LookupFunction } from "node:net"

/** An address of this machine or of a network behind it was asked for, or a name led to one. */
export class PrivateAddress extends Error {
  override readonly name = "PrivateAddress"
  readonly address: string
  constructor(address: string) {
    super(`${address} is an address of a private network`)
    this.address = address
  }
}

/** Whether an IP address is one of the public internet: not this machine, a network behind it, or a reserved range. */
export const isPublic = (address: string): boolean => {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "")
  if (!ipaddr.isValid(bare)) return false
  const parsed = ipaddr.process(bare)
  return parsed.range() === "unicast" && (parsed.kind() === "ipv4" || parsed.match(global, 3))
}

/** What of IPv6 is given out for the internet. */
const global = ipaddr.parse("2000::")

export const isAddress = (host: string): boolean => ipaddr.isValid(host.replace(/^\[|\]$/g, ""))

/** Fails with `PrivateAddress` when a name has an address that is not allowed, whatever others it has. */
export const lookupAllowed =
  (allowed: (address: string) => boolean, resolve: typeof lookup = lookup): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "", 0)
      const wrong = addresses.find(({ address }) => !allowed(address))
      if (wrong !== undefined) return callback(new PrivateAddress(wrong.address), "", 0)
      const [first] = addresses
      if (options.all === true) return callback(null, addresses)
      return callback(null, first?.address ?? "", first?.family ?? 0)
    })
  }
