/** The one list of names whose values are credentials more often than not. */
const SECRET_NAME =
  /authorization|cookie|token|secret|passwo?r?d|passphrase|(api|access|private|subscription)[-_]?key|session|credential|signature|(^|[-_])(auth|jwt|sig)([-_]|$)|^key$/i;

/**
 * Whether a header, a query parameter or a member of a JSON object is named like a credential. What is not meant for
 * eyes is left out of messages, logs, journals and traces by this list alone.
 */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
