/** The few questions that go over HTTP instead of the socket. */
import type { CompanyMe, Language, SessionList } from './wire'

export type { CompanyMe, SessionRow as Session } from './wire'

/** The server said no, or could not be reached (`status` 0); `message` is for the person, and may be empty. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Which field is meant, where the server says so. */
    readonly field = '',
  ) {
    super(message)
  }
}

const TIMEOUT_MS = 15_000

export const me = () => call<CompanyMe>('GET', '/api/me')
export const setLanguage = (language: Language) => call<unknown>('POST', '/api/settings', { language })
export const sessions = async () => (await call<SessionList>('GET', '/api/sessions')).sessions
export const endOtherSessions = () => call<unknown>('POST', '/api/sessions/end-others', {})
export const endSession = (id: string) => call<unknown>('POST', '/api/sessions/end', { id })

/** Leaves for the sign-in page, and comes back to where one was. */
export function toSignIn(): void {
  leaveFor('/signin')
}

/** A refusal that only another page can mend: goes there, and says whether it did. */
export function mendedElsewhere(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  if (error.status === 401) leaveFor('/signin')
  else if (error.code === 'must_change') leaveFor('/password')
  else if (error.code === 'must_agree') leaveFor('/agree')
  else return false
  return true
}

function leaveFor(path: string): void {
  location.assign(`${path}?next=${encodeURIComponent(location.pathname + location.search)}`)
}

/** Asks one question. A `Blob` goes as it is, anything else as JSON. */
export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, within = TIMEOUT_MS): Promise<T> {
  const bytes = body instanceof Blob
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    // The shell asks for a new password by a redirect; an answer must not follow it and look like success.
    redirect: 'error',
    headers: body === undefined ? {} : { 'content-type': bytes ? body.type || 'application/octet-stream' : 'application/json' },
    ...(body === undefined ? {} : { body: bytes ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(within),
  }).catch(() => {
    throw new ApiError(0, 'unreachable', '')
  })
  const text = await response.text().catch(() => '')
  const answer = parsed(text)
  if (!response.ok) throw new ApiError(response.status, answer?.code ?? '', answer?.message ?? '', answer?.field ?? '')
  return answer as T
}

function parsed(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
