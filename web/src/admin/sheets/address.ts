/** Where the QR code leads: the sign-in page, with the login ID filled in. */
export function signInAddress(address: string, loginId: string): string {
  const url = new URL('/signin', address)
  url.searchParams.set('login_id', loginId)
  return url.href
}
