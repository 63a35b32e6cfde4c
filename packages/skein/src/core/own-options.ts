/**
 * What was given itself, and nothing that stands on `Object.prototype` because some library put it there. The copy has no
 * prototype, and reads the same each time.
 */
export function ownOptions<T extends object>(options: T): T {
  return Object.assign(Object.create(null), options);
}
