/**
 * The method that Node's `util.inspect`, and so `console.log`, asks an object how it is shown. A registered symbol: it needs
 * nothing of Node, and means nothing elsewhere.
 */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
