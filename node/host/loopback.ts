// Which addresses only this machine can reach. Elsewhere frames are signed and HTTP needs the token.

/** Of a literal IP address. */
export function isLoopback(host: string): boolean {
  return /^(::ffff:)?127\./i.test(host) || host === '::1';
}
