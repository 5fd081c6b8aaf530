/** Draws its content again only when a property has changed. */
import { Component, type FunctionComponent } from "preact"

export const memo = <P extends object>(Content: FunctionComponent<P>): FunctionComponent<P> => {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const names = Object.keys({ ...this.props, ...next }) as Array<keyof P>
      return names.some((name) => next[name] !== (this.props as P)[name])
    }
    override render() {
      return <Content {...(this.props as P)} />
    }
  }
  return Memo as unknown as FunctionComponent<P>
}
